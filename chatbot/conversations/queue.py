"""Tells open pages how long the queue is: agents its length, each waiting customer their place.

These are ephemeral events: a page that misses one has the next, and its GET of state has the numbers too.
"""

import asyncio
import logging
from datetime import timedelta

from django.db import OperationalError, transaction
from django.db.models.functions import Now

from chatbot.conversations import events
from chatbot.models import ChatSession, Status
from realtime import home
from realtime.api import send_many
from realtime.database import in_database, tell_of_fault
from realtime.log import leases

# At most twice a second over all processes: whoever has the lease. It is over when its holder comes again.
TURN = timedelta(seconds=0.5)
INTERVAL_SECONDS = 0.55
# Customers further back hear their place when they come nearer, or when they load the page.
MAX_ANNOUNCED_POSITIONS = 100

logger = logging.getLogger(__name__)

# Touched in the home loop only.
_scheduled_in: asyncio.AbstractEventLoop | None = None
_last_tried_at = float("-inf")
_has_changed = False
_tasks: set[asyncio.Task[None]] = set()


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
    """Send queue_update to every agent and queue_position to those who wait."""
    waiting = ChatSession.objects.filter(status=Status.PENDING_MANUAL)
    first = list(
        waiting.order_by("waiting_since", "id")
        .annotate(database_now=Now())
        .values_list("name", "waiting_since", "database_now")[:MAX_ANNOUNCED_POSITIONS]
    )
    longest = 0
    if first:
        _, since, now = first[0]
        longest = max(0, int((now - since).total_seconds())) if since else 0
    update = events.queue_update(waiting=waiting.count(), longest_wait_seconds=longest)
    places = [events.queue_position(name, place) for place, (name, _, _) in enumerate(first, 1)]
    send_many([update, *places])


def _request_announcement() -> None:
    home.current().loop.call_soon_threadsafe(_schedule)


def _schedule(*, is_change: bool = True) -> None:
    global _scheduled_in, _has_changed
    _has_changed = _has_changed or is_change
    loop = asyncio.get_running_loop()
    if _scheduled_in is loop:
        return
    _scheduled_in = loop
    loop.call_later(max(0.0, _last_tried_at + INTERVAL_SECONDS - loop.time()), _start)


def _start() -> None:
    global _scheduled_in, _last_tried_at
    loop = asyncio.get_running_loop()
    _scheduled_in = None
    _last_tried_at = loop.time()
    task = loop.create_task(_announce())
    _tasks.add(task)  # a loop holds its tasks weakly
    task.add_done_callback(_tasks.discard)


async def _announce() -> None:
    global _has_changed
    has_changed, _has_changed = _has_changed, False
    try:
        if not await in_database(send_queue_in_turn) and has_changed:
            # Whose turn it is may have read the queue before our change. At the next try it is our turn, or somebody
            # has taken theirs since, and knows.
            _schedule(is_change=False)
    except OperationalError as error:  # the next change announces again
        tell_of_fault(logger, error, "could not announce the queue")
    except Exception:
        logger.exception("could not announce the queue")
