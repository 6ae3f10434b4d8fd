"""One of several processes in which people race for sessions by every way at once: `python -m tests.queue_race`.

tests/queue_promises.py starts them, on the database of DATABASE_URL. What its people were told it writes to stdout.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.models.functions import Now

from chatbot.conversations.errors import ApiError
from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.escalate import escalate
from chatbot.models import PRESENCE_LEASE, ChatSession, Offer, PresenceHolder, Priority, Status, Team
from tests.queue_writers import FIND_LINES, PAUSE_SECONDS, REASONS, Desk, Got, Offered, Race, Refused
from workbench.access.agents import Agent
from workbench.actions.accept_offer import accept_offer
from workbench.actions.decline_offer import decline_offer
from workbench.actions.edit_session import edit_session
from workbench.actions.requeue import requeue
from workbench.actions.take_next import take_next
from workbench.actions.take_over import take_over
from workbench.actions.transfer import transfer_to_agent, transfer_to_team
from workbench.assignment.drain import look
from workbench.assignment.turn import NotOurTurn

SESSIONS = int(os.environ.get("RACE_SESSIONS", 200))
AGENTS = SESSIONS // 4
SUPERVISORS = ("boss-0", "boss-1")
# Of agents, beside those of a supervisor, of customers and of the job: more would only wait for SQLite's one lock, and
# PostgreSQL gives a process a number of connections.
THREADS = 2 if connection.vendor == "sqlite" else 7
READY = "ready"
# Between two times that the job also looks for what only time brings: three times as often as in the product.
SWEEP_SECONDS = 0.3

T = TypeVar("T")


def agent_name(number: int) -> str:
    return f"agent-{number:02}"


def session_name(number: int) -> str:
    return f"s-{number:03}"


class ActionsDesk:
    """Somebody who calls the actions themselves. A lock that was not got in time is as good as a refusal."""

    def __init__(self, user: User) -> None:
        self.who = user.username
        self._agent = Agent(user, is_supervisor=user.username in SUPERVISORS)

    def take(self, session: str) -> Got:
        return self._get(lambda: take_over(session_name=session, agent=self._agent))

    def take_next(self) -> Got:
        return self._get(lambda: take_next(agent=self._agent))

    def offers(self) -> Sequence[Offered]:
        rows = Offer.objects.filter(receiver=self._agent.user, ended_at=None).values_list("pk", "sender")[:1]
        return [Offered(str(offer), sender is not None) for offer, sender in rows]

    def accept(self, offer_id: str) -> Got:
        return self._get(lambda: accept_offer(offer_id=offer_id, agent=self._agent))

    def decline(self, offer_id: str) -> None:
        attempt(lambda: decline_offer(offer_id=offer_id, agent=self._agent))

    def own(self) -> Sequence[str]:
        return list(ChatSession.objects.filter(assignee=self._agent.user).values_list("name", flat=True)[:1])

    def pass_on(self, session: str, to: str) -> None:
        attempt(lambda: transfer_to_agent(session_name=session, agent=self._agent, to_agent=to))

    def pass_to_team(self, session: str, team: int) -> None:
        attempt(lambda: transfer_to_team(session_name=session, agent=self._agent, to_team=team))

    def force(self, session: str) -> Got:
        return self._get(lambda: take_over(session_name=session, agent=self._agent, force=True))

    def requeue(self, session: str, team: int | None) -> Got:
        return self._get(lambda: requeue(session_name=session, agent=self._agent, team=team))

    def prioritise(self, session: str, priority: str) -> None:
        value = Priority[priority.upper()]
        attempt(lambda: edit_session(session_name=session, agent=self._agent, priority=value))

    def _get(self, action: Callable[[], ChatSession]) -> Got:
        session = attempt(action)
        return Got(session.name, session.version)


def attempt(action: Callable[[], T]) -> T:
    try:
        return action()
    except (ApiError, OperationalError) as error:
        raise Refused from error


def ask(names: Sequence[str]) -> None:
    """Customers ask for an agent, each of them until he waits; some think better of it once."""
    for number, name in enumerate(names):
        _until_done(partial(_ask, name, REASONS[number % len(REASONS)]))
        if number % 5 == 0 and _is_done(partial(cancel_escalation, session_name=name, credentials=None)):
            _until_done(partial(_ask, name, ""))


def _ask(name: str, reason: str) -> None:
    escalate(session_name=name, reason=reason, credentials=None)


def _until_done(action: Callable[[], object]) -> None:
    while not _is_done(action):
        time.sleep(PAUSE_SECONDS)


def _is_done(action: Callable[[], object]) -> bool:
    try:
        attempt(action)
    except Refused:
        return False
    return True


def assign(is_over: threading.Event) -> None:
    """The job of this process, which also tries the rules about waiting; the other one has it, too."""
    swept = 0.0
    while not is_over.is_set():
        began = time.monotonic()
        is_sweep = began - swept >= SWEEP_SECONDS
        with contextlib.suppress(NotOurTurn, OperationalError):
            if is_sweep:
                PresenceHolder.objects.update(lease_until=Now() + PRESENCE_LEASE)  # of the agents' pages
            look(is_sweep=is_sweep)
            if is_sweep:
                swept = began
        time.sleep(max(PAUSE_SECONDS, time.monotonic() - began))


def is_quiet() -> bool:
    """Whether everybody who will ask has asked, and nobody waits."""
    return not ChatSession.objects.exclude(status=Status.MANUAL_LIVE).exists()


def find_lines() -> set[tuple[str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(FIND_LINES)
        return {(what, bool(is_by_nobody)) for what, is_by_nobody in cursor.fetchall()}


def run(numbers: Sequence[int]) -> Race:
    """Race for these agents, beside a supervisor, customers and the job."""
    number = numbers[0]
    desks: list[Desk] = [ActionsDesk(user) for user in User.objects.filter(username__in=map(agent_name, numbers))]
    boss: list[Desk] = [ActionsDesk(User.objects.get(username=SUPERVISORS[number % len(SUPERVISORS)]))]
    race = Race(
        [session_name(each) for each in range(SESSIONS)],
        [agent_name(each) for each in range(AGENTS)],
        list(Team.objects.values_list("pk", flat=True)),
        is_quiet,
        find_lines,
    )
    asking = ChatSession.objects.filter(status=Status.BOT_ACTIVE).order_by("name").values_list("name", flat=True)
    customers = list(asking)[number :: len(SUPERVISORS)]
    is_over = threading.Event()
    writers: list[Callable[[], None]] = [
        lambda: ask(customers),
        lambda: race.run_supervisors(boss, number),
        *(partial(race.run_agents, desks[n::THREADS], 100 * number + n) for n in range(min(THREADS, len(desks)))),
    ]
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    sys.stdin.readline()
    job = threading.Thread(target=_closing(lambda: assign(is_over)))
    threads = [threading.Thread(target=_closing(writer)) for writer in writers]
    for thread in (job, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    is_over.set()
    job.join()
    return race


def _closing(work: Callable[[], None]) -> Callable[[], None]:
    def working() -> None:
        try:
            work()
        finally:
            connection.close()

    return working


def main(numbers: Sequence[int]) -> None:
    """Begin once the parent says so on stdin."""
    failures: list[BaseException] = []
    threading.excepthook = lambda args: failures.append(args.exc_value or SystemError())
    race = run(numbers)
    if failures:
        raise failures[0]
    sys.stdout.write(f"{race.ledger.dumps()}\n")


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]])
