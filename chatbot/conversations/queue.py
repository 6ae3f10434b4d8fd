"""Tells open pages how long the queues are: a team's agents its length, each waiting customer their place in it.

These are ephemeral events: a page that misses one has the next, and its GET of state has the numbers too.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from weakref import WeakKeyDictionary

from django.db import OperationalError, transaction
from django.db.models import Count, DurationField, ExpressionWrapper, Min, Window
from django.db.models.functions import Now, RowNumber
from django.utils import timezone

from chatbot.conversations import events
from chatbot.conversations.places import places
from chatbot.conversations.teams import team_key
from chatbot.conversations.waiting import staffing_by_team, why_waiting
from chatbot.models import QUEUE_ORDER, ChatSession, Status, Team
from realtime import home, process
from realtime.api import send_many
from realtime.database import in_database, log_fault
from realtime.log import leases

# At most twice a second over all processes, by the one that gets the lease. It ends before its holder's next attempt.
TURN = timedelta(seconds=0.5)
INTERVAL_SECONDS = 0.55
# Within which an announcement follows a change, also where a process was busy.
RECENT = timedelta(seconds=5)
# Of each team. Customers further back hear their place when they come nearer, or when they load the page.
MAX_ANNOUNCED_POSITIONS = 100
# Of each of them.
PLACED = ("name", "team_id", "language", "priority", "best_priority", "waiting_since", "queued_at", "raised_at")

logger = logging.getLogger(__name__)

# Whether the queue has changed since this process announced it. Touched in the home loop only.
_changes: WeakKeyDictionary[process.Process, asyncio.Event] = WeakKeyDictionary()


def announce_queue() -> None:
    """Announce the queue after the present transaction, by this process or another, at most twice a second.

    Callable from any thread.
    """
    transaction.on_commit(_request_announcement, robust=True)


def send_queue_in_turn() -> bool:
    """Send the queue unless another process did within the last half second; return whether this call did."""
    if not leases.take("queue", TURN):
        return False
    send_queue()
    return True


def send_queue() -> None:
    """Send queue_update to the agents of each team and queue_position to those who wait; eleven queries at most.

    Of a queue that is empty and was so before nothing is said: the default team's is told to everybody.
    """
    lengths = queues()
    told = {*lengths, *_recently_active()}
    teams = [team for team in Team.objects.all() if team_key(team) in told]
    updates = [_update(team, lengths.get(team_key(team))) for team in teams]
    send_many([*updates, *(_positions() if lengths else [])])


def _recently_active() -> list[int | None]:
    """The `team_id` of sessions in which something was said or noted a moment ago, as when one leaves its queue."""
    active = ChatSession.objects.filter(last_activity_at__gte=Now() - RECENT).order_by()
    return list(active.values_list("team_id", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class Queue:
    """Those who wait for a team; `longest_wait` is None where nobody knows since when."""

    waiting: int
    longest_wait: timedelta | None


def queues() -> dict[int | None, Queue]:
    """The queues that are not empty, by the `team_id` of their sessions; one query."""
    age = ExpressionWrapper(Now() - Min("waiting_since"), output_field=DurationField())
    waiting = ChatSession.objects.filter(status=Status.PENDING_MANUAL).order_by().values("team_id")
    numbers = waiting.annotate(count=Count("id"), age=age).values_list("team_id", "count", "age")
    return {key: Queue(count, longest) for key, count, longest in numbers}


def count_waiting(team_id: int | None) -> int:
    """How many wait for the team whose sessions have this `team_id`; one query."""
    return ChatSession.objects.filter(status=Status.PENDING_MANUAL, team=team_id).count()


def update_of(team: Team) -> events.Outgoing:
    """What to tell the agents of a team whose queue a session has left for another one's; one query."""
    return _update(team, queues().get(team_key(team)))


def _update(team: Team, queue: Queue | None) -> events.Outgoing:
    longest = queue.longest_wait if queue else None
    seconds = max(0, int(longest.total_seconds())) if longest else 0
    return events.queue_update(team, waiting=queue.waiting if queue else 0, longest_wait_seconds=seconds)


def _positions() -> Iterator[events.Outgoing]:
    """What to tell the first of each queue."""
    staffing = staffing_by_team(now=timezone.now())
    rank = Window(RowNumber(), partition_by="team_id", order_by=QUEUE_ORDER)
    waiting = ChatSession.objects.filter(status=Status.PENDING_MANUAL).annotate(rank=rank).only(*PLACED)
    first = waiting.filter(rank__lte=MAX_ANNOUNCED_POSITIONS).order_by("team_id", "rank")
    for team_id, queue in groupby(first, key=attrgetter("team_id")):
        there, customers = staffing.get(team_id) or staffing[None], list(queue)
        for customer, place in zip(customers, places(customers), strict=True):
            why = why_waiting(there, place=place, language=customer.language)
            yield events.queue_position(customer.name, place.shown, why)


def _request_announcement() -> None:
    home.current().loop.call_soon_threadsafe(_note_change)


def _note_change() -> None:
    """Wake this process's job, begun with the first change: a command that has no server announces, too."""
    runtime = process.current()
    if runtime not in _changes:
        _changes[runtime] = asyncio.Event()
        runtime.run_in_background(partial(_announce_changes, _changes[runtime]))
    _changes[runtime].set()


async def _announce_changes(changed: asyncio.Event) -> None:
    """Announce the queue when it has changed, for as long as the process runs.

    The process that has the lease may have read the queue before our change. At our second attempt we get the lease, or
    another process got it after our change and has read that.
    """
    while True:
        await changed.wait()
        changed.clear()
        if not await _try_to_announce():
            await asyncio.sleep(INTERVAL_SECONDS)
            await _try_to_announce()
        await asyncio.sleep(INTERVAL_SECONDS)


async def _try_to_announce() -> bool:
    """False if it is another process's turn. After a fault the next change announces again."""
    try:
        return await in_database(send_queue_in_turn)
    except OperationalError as error:
        log_fault(logger, error, "could not announce the queue")
    except Exception:
        logger.exception("could not announce the queue")
    return True
