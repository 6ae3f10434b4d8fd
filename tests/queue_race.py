"""One of several processes in which agents race for sessions by every way at once: `python -m tests.queue_race`.

tests/queue_promises.py starts them, on the database of DATABASE_URL.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.contrib.auth.models import User
from django.db import OperationalError, connection

from chatbot.conversations.errors import ApiError
from chatbot.models import ChatSession, Offer, Status
from workbench.access.agents import Agent
from workbench.actions.accept_offer import accept_offer
from workbench.actions.decline_offer import decline_offer
from workbench.actions.take_next import take_next
from workbench.actions.take_over import take_over
from workbench.actions.transfer import transfer_to_agent
from workbench.assignment.drain import look
from workbench.assignment.turn import NotOurTurn

AGENTS = 50
SESSIONS = 200
LIMIT_SECONDS = 170.0
THREADS = 8
READY = "ready"


def agent_name(number: int) -> str:
    return f"agent-{number:02}"


def session_name(number: int) -> str:
    return f"s-{number:03}"


def race(numbers: list[int]) -> None:
    """What some agents do until nobody waits: whatever comes to their minds, refused or not."""
    choice = random.Random(numbers[0])
    names = [agent_name(number) for number in numbers]
    agents = [Agent(user, is_supervisor=False) for user in User.objects.filter(username__in=names)]
    ways: list[Callable[[Agent, random.Random], object]] = [_take_any, _take_next, _answer, _answer, _pass_on]
    deadline = time.monotonic() + LIMIT_SECONDS
    try:
        while ChatSession.objects.filter(status=Status.PENDING_MANUAL).exists():
            assert time.monotonic() < deadline, "somebody still waits"
            _try(lambda: choice.choice(ways)(choice.choice(agents), choice))
    finally:
        connection.close()


def assign(is_over: threading.Event) -> None:
    """The job of this process; the other one has it, too."""
    while not is_over.is_set():
        _try(look)
    connection.close()


def _try(action: Callable[[], object]) -> None:
    """Refusals are what a race is made of; a lock that was not got in time is tried again."""
    try:
        action()
    except (ApiError, NotOurTurn, OperationalError):
        time.sleep(0.002)


def _take_any(agent: Agent, choice: random.Random) -> None:
    take_over(session_name=session_name(choice.randrange(SESSIONS)), agent=agent)


def _take_next(agent: Agent, choice: random.Random) -> None:
    take_next(agent=agent)


def _answer(agent: Agent, choice: random.Random) -> None:
    for offer in Offer.objects.filter(receiver=agent.user, ended_at=None).values_list("pk", flat=True)[:1]:
        action = decline_offer if choice.random() < 0.2 else accept_offer
        action(offer_id=str(offer), agent=agent)


def _pass_on(agent: Agent, choice: random.Random) -> None:
    for name in ChatSession.objects.filter(assignee=agent.user).values_list("name", flat=True)[:1]:
        transfer_to_agent(session_name=name, agent=agent, to_agent=agent_name(choice.randrange(AGENTS)))


def main(numbers: list[int]) -> None:
    """Race for these agents, on as many threads as a process may have connections, once the parent says so on stdin."""
    failures: list[BaseException] = []
    threading.excepthook = lambda args: failures.append(args.exc_value or SystemError())
    is_over = threading.Event()
    job = threading.Thread(target=assign, args=(is_over,))
    racers = [threading.Thread(target=race, args=(numbers[n::THREADS],)) for n in range(THREADS)]
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for thread in (job, *racers):
        thread.start()
    for thread in racers:
        thread.join()
    is_over.set()
    job.join()
    if failures:
        raise failures[0]


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]])
