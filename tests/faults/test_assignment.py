"""Whoever waits is offered to an agent, also while Redis is dead and when a workbench is killed."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from harness.clients import AgentClient, CustomerClient, Stream, cookies_of, expect
from harness.programs import wait_until
from harness.services import Product, Service, make_environment, run_command
from tests.faults.causes import Needs

LIMIT_SECONDS = 2.0
BEGIN_SECONDS = 30.0
CUSTOMERS = 4
OFFER_SECONDS = 1_000
# Whose page another test has just closed counts as here for half a minute: meanwhile he would be offered something.
OFFERING = """
from chatbot.conversations.agent_states import choose
from chatbot.models import AgentState, Team
Team.objects.update(assignment={assignment!r}, offer_seconds={offer_seconds})
AgentState.objects.update(capacity=1000)
for state in AgentState.objects.exclude(agent__username="bob").select_related("agent"):
    choose(state.agent, {others!r})
"""


def set_assignment(product: Product, assignment: str, offer_seconds: int = OFFER_SECONDS) -> None:
    environment = make_environment(product.database, product.valkey.url)
    others = "available" if assignment == "off" else "away"
    command = OFFERING.format(assignment=assignment, offer_seconds=offer_seconds, others=others)
    run_command("shell", "--command", command, environment=environment)


@pytest.fixture
def product(product: Product) -> Iterator[Product]:
    """One that offers nothing to anybody afterwards."""
    yield product
    set_assignment(product, "off")


@pytest.fixture
def desk(product: Product, second_workbench: Service) -> Iterator[Stream]:
    """Bob's page, at the second workbench; he is the one to whom everything is offered."""
    with ExitStack() as ending:
        bob = ending.enter_context(AgentClient(product.workbench.url, "bob"))
        desk = Stream(f"{second_workbench.url}/api/agent/events", headers=cookies_of(bob.http))
        ending.enter_context(desk)
        wait_until("bob is connected", lambda: is_connected(bob), BEGIN_SECONDS)
        set_assignment(product, "offer")
        yield desk


def is_connected(agent: AgentClient) -> bool:
    items = agent.http.get(f"{agent.url}/api/agents").json()["items"]
    return any(item["connected"] for item in items if item["id"] == "bob")


@pytest.fixture
def customers(product: Product) -> Iterator[list[CustomerClient]]:
    with ExitStack() as ending:
        customers = [ending.enter_context(CustomerClient(product.chatbot.url)) for _ in range(CUSTOMERS)]
        for customer in customers:
            customer.create_session()
        yield customers
        for customer in customers:
            expect(200, customer.http.post(f"{customer.url}{customer.path}/close", json={}))


def ask(customer: CustomerClient) -> None:
    expect(202, customer.escalate())


def expect_offered(desk: Stream, customers: list[CustomerClient], *, since: float) -> None:
    """All of them, within the limit; `since` is a monotonic time."""
    offers = [
        desk.wait_for_type("transfer_offer", BEGIN_SECONDS, session_name=customer.session_name)
        for customer in customers
    ]
    assert max(offer.at for offer in offers) - since < LIMIT_SECONDS


def test_without_redis_everybody_is_offered(product: Product, desk: Stream, customers: list[CustomerClient]) -> None:
    product.valkey.kill()
    ask(customers[0])
    expect_offered(desk, customers[:1], since=time.monotonic())
    for customer in customers[1:]:
        ask(customer)
    product.valkey.start()
    expect_offered(desk, customers, since=time.monotonic())


@pytest.mark.parametrize("pause_seconds", [0.0, 0.5])
def test_after_the_death_of_a_workbench_another_one_goes_on(
    product: Product, desk: Stream, customers: list[CustomerClient], pause_seconds: float
) -> None:
    """It may have been the one that had the turn: who asked before, and who asks afterwards, is offered."""
    ask(customers[0])
    deadline = time.monotonic() + pause_seconds
    wait_until("its lease is younger, or older", lambda: time.monotonic() >= deadline, BEGIN_SECONDS)
    ask(customers[1])
    product.workbench.kill()
    killed_at = time.monotonic()
    for customer in customers[2:]:
        ask(customer)
    expect_offered(desk, customers, since=max(killed_at, time.monotonic()))


SHORT_SECONDS = 4
# Who lets an offer run out is away then: a short offer says when it ends by the clock of the database.
SLACK_SECONDS = 10.0


@pytest.mark.parametrize("needs", ["ahead"])
def test_with_the_clock_of_one_service_wrong_offers_come_and_last_as_long(
    product: Product, desk: Stream, customers: list[CustomerClient], needs: Needs
) -> None:
    """The clock of one of the two workbenches, which assign in turns, is two minutes ahead."""
    for customer in customers[:-1]:
        ask(customer)
    expect_offered(desk, customers[:-1], since=time.monotonic())
    set_assignment(product, "offer", SHORT_SECONDS)
    ask(customers[-1])
    expect_offered(desk, customers[-1:], since=time.monotonic())
    name = customers[-1].session_name
    made = desk.wait_for_type("transfer_offer", BEGIN_SECONDS, session_name=name)
    ended = desk.wait_for_type("offer_ended", BEGIN_SECONDS, session_name=name)
    assert ended.payload["reason"] == "expired"
    assert SHORT_SECONDS - 1 < ended.at - made.at < SHORT_SECONDS + SLACK_SECONDS
