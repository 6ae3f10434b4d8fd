"""Bot turns: the durable jobs by which every message to the bot gets its answer, whatever happens to a process.

A turn is written in the transaction of its message. The process that wrote it answers at once, if it runs `run_turns`;
a turn whose lease has expired is taken over by any process that does.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from chatbot.bot.answer_turn import answer_turn
from chatbot.models import TURN_LEASE, BotTurn, Message, lease_has_run_out
from realtime.database import in_database, log_fault

TAKEOVER_INTERVAL_SECONDS = 1
RETRY_SECONDS = 1
TAKEOVER_BATCH = 20

# By hand, since every message to the bot runs it.
INSERT_TURN = (
    "INSERT INTO chatbot_botturn (message_id, lease_until, attempts) VALUES (%s, %s, 1) RETURNING id, attempts"
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """A claim on a turn: void once another process has raised its number of attempts."""

    id: int
    attempt: int


class Runner:
    """The turns that this process has to answer, one after the other. Lives in the loop it was made in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.turns: asyncio.Queue[Turn] = asyncio.Queue()

    def hand_over(self, turn: Turn) -> None:
        """Have a turn answered soon. Callable from any thread."""
        self._loop.call_soon_threadsafe(self.turns.put_nowait, turn)

    def retry(self, turn: Turn) -> None:
        self._loop.call_later(RETRY_SECONDS, self.turns.put_nowait, turn)

    def unfinished(self) -> list[Turn]:
        return [self.turns.get_nowait() for _ in range(self.turns.qsize())]


_runner: Runner | None = None


def enqueue_turn(message: Message, *, now: datetime) -> None:
    """Note that the bot has to answer a message. Must run in the transaction that writes the message."""
    runner = _runner
    # A process without a runner (a command, a script) leaves the turn to a process that has one.
    lease = TURN_LEASE if runner else timedelta()
    claim = _write(message, lease_until=now + lease)
    if runner:
        transaction.on_commit(lambda: runner.hand_over(claim), robust=True)


def _write(message: Message, *, lease_until: datetime) -> Turn:
    moment = connection.ops.adapt_datetimefield_value(lease_until)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_TURN, [message.pk, moment])
        turn_id, attempts = cursor.fetchone()
    return Turn(turn_id, attempts)


async def run_turns() -> None:
    """Answer turns until cancelled: this process's own at once, expired ones within a second."""
    global _runner
    runner = _runner = Runner()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_answer_turns(runner))
            tasks.create_task(_take_over_expired_turns(runner))
    finally:
        if _runner is runner:
            _runner = None
        await _give_back(runner.unfinished())


def claim_expired_turns() -> list[Turn]:
    """Take over turns whose lease has expired, each by compare-and-swap on its number of attempts."""
    expired = BotTurn.objects.filter(lease_has_run_out()).order_by("id").values_list("pk", "attempts")
    claimed = []
    for turn_id, attempts in expired[:TAKEOVER_BATCH]:
        changed = BotTurn.objects.filter(pk=turn_id, attempts=attempts).update(
            attempts=attempts + 1, lease_until=Now() + TURN_LEASE
        )
        if changed:
            claimed.append(Turn(turn_id, attempts + 1))
    return claimed


def expire_leases(turns: list[Turn]) -> None:
    """Let any process take these turns over at once."""
    for turn in turns:
        BotTurn.objects.filter(pk=turn.id, attempts=turn.attempt).update(lease_until=Now())


async def _answer_turns(runner: Runner) -> None:
    while True:
        turn = await runner.turns.get()
        try:
            await answer_turn(turn_id=turn.id, attempt=turn.attempt)
        except OperationalError as error:
            log_fault(logger, error, "database unavailable, turn is tried again turn=%s", turn.id)
            runner.retry(turn)
        except Exception:  # one bad turn must not stop the others; its lease will expire
            logger.exception("turn failed turn=%s attempt=%s", turn.id, turn.attempt)


async def _take_over_expired_turns(runner: Runner) -> None:
    while True:
        try:
            for turn in await in_database(claim_expired_turns):
                logger.info("turn taken over turn=%s attempt=%s", turn.id, turn.attempt)
                runner.turns.put_nowait(turn)
        except OperationalError as error:
            log_fault(logger, error, "could not look for expired turns, will try again")
        except Exception:
            logger.exception("could not look for expired turns, will try again")
        await asyncio.sleep(TAKEOVER_INTERVAL_SECONDS)


async def _give_back(turns: list[Turn]) -> None:
    """Expire the leases of a process that stops, so that another one answers at once."""
    if not turns:
        return
    try:
        await in_database(expire_leases, turns)
    except Exception as error:  # noqa: BLE001  then the leases expire by themselves
        log_fault(logger, error, "could not give back %s turns", len(turns))
