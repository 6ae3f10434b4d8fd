"""The queue engine: how soon an offer is on the agent's page, and what a round costs with ten times as many of all."""

import statistics
import time
from contextlib import ExitStack
from pathlib import Path

from bench.figures import Figures
from harness.clients import AgentClient, CustomerClient, Stream, expect
from harness.programs import wait_until
from harness.services import Product, make_environment, run_command, run_product

OFFER = "offer on the agent's page, times a transfer request"
REQUEST_MS = "transfer request on the agent's page, p50"
OFFER_MS = "offer on the agent's page, p50"
ROUND = "a round of 500 sessions and 2,000 agents, times one of 50 and 200"
CUSTOMERS = 40
WAIT_SECONDS = 10.0
SIZES = ((50, 200), (500, 2_000))
RUNS = 5

BEGIN_OFFERING = """
from chatbot.models import AgentState, Team
Team.objects.update(assignment="offer", offer_seconds=1000)
AgentState.objects.update(capacity=1000)
"""

# Offers nothing twice: each run begins with nothing but its sessions and agents. Prints processor time in ms.
RUN_ROUND = """
import statistics, time
from django.contrib.auth.models import User
from django.utils import timezone
from datetime import timedelta
from chatbot.models import AgentPresence, AgentState, ChatSession, HistoryEntry, Offer, PresenceHolder, Team
from config.asgi import tune_interpreter
from workbench.assignment.round import run_round

tune_interpreter()  # as a service does: else a collection in the middle doubles it
Team.objects.update(assignment="offer")
now = timezone.now()

def fill(sessions, agents):
    for model in (Offer, HistoryEntry, ChatSession, AgentPresence, AgentState):
        model.objects.all().delete()
    User.objects.all().delete()
    users = User.objects.bulk_create(User(username=f"a-{{n}}") for n in range(agents))
    until = timezone.now() + timedelta(seconds=29)
    holder, _ = PresenceHolder.objects.update_or_create(name="bench", defaults={{"lease_until": until}})
    AgentState.objects.bulk_create(AgentState(agent=each, able_since=now, is_connected=True) for each in users)
    AgentPresence.objects.bulk_create(AgentPresence(agent=each, holder=holder) for each in users)
    ChatSession.objects.bulk_create(
        ChatSession(name=f"s-{{n}}", status="pending_manual", waiting_since=now) for n in range(sessions)
    )

times = []
for _ in range({runs}):
    fill({sessions}, {agents})
    began = time.process_time()
    assert run_round() == {sessions}
    times.append(1_000 * (time.process_time() - began))
print(statistics.median(times))
"""


def measure_queue(figures: Figures, folder: Path) -> None:
    """Record all of it, under daphne on SQLite."""
    for part in ("offers", "rounds"):
        (folder / part).mkdir(parents=True)
    with run_product(folder / "offers") as product:
        _measure_offers(figures, product)
    with run_product(folder / "rounds") as product:
        product.workbench.kill()  # it would take its turn
        few, many = (_round_ms(product, *sizes) for sizes in SIZES)
        figures.of("a round of 500 sessions and 2,000 agents, CPU", "ms").record("daphne", many)
        figures.of(ROUND, "", 10).record("daphne", many / few)


def _measure_offers(figures: Figures, product: Product) -> None:
    """From the customer's call to both events in one stream, one customer after the other."""
    requests, offers = [], []
    with ExitStack() as ending:
        alice = ending.enter_context(AgentClient(product.workbench.url, "alice"))
        desk = ending.enter_context(alice.open_stream())
        wait_until("alice is connected", lambda: _is_connected(alice), WAIT_SECONDS)
        _shell(product, BEGIN_OFFERING)
        for _ in range(CUSTOMERS):
            request, offer = _ask(product, desk)
            requests.append(request)
            offers.append(offer)
    figures.of(REQUEST_MS, "ms").record("daphne", 1_000 * statistics.median(requests))
    figures.of(OFFER_MS, "ms").record("daphne", 1_000 * statistics.median(offers))
    figures.of(OFFER, "", 2).record("daphne", statistics.median(offers) / statistics.median(requests))


def _ask(product: Product, desk: Stream) -> tuple[float, float]:
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session()
        began = time.monotonic()
        expect(202, customer.escalate())
        name = customer.session_name
        request = desk.wait_for_type("transfer_request", WAIT_SECONDS, session_name=name)
        offer = desk.wait_for_type("transfer_offer", WAIT_SECONDS, session_name=name)
    return request.at - began, offer.at - began


def _is_connected(agent: AgentClient) -> bool:
    items = agent.http.get(f"{agent.url}/api/agents").json()["items"]
    return any(item["connected"] for item in items)


def _round_ms(product: Product, sessions: int, agents: int) -> float:
    return float(_shell(product, RUN_ROUND.format(sessions=sessions, agents=agents, runs=RUNS)).split()[-1])


def _shell(product: Product, code: str) -> str:
    environment = {**make_environment(product.database, product.valkey.url), "LOG_LEVEL": "ERROR"}
    return run_command("shell", "--verbosity=0", "--command", code, environment=environment)
