"""Bot turns: the durable jobs by which every message to the bot gets its answer, whatever happens to a process.

A turn is written in the transaction of its message. The process that wrote it answers at once, if it runs `run_turns`;
a turn whose lease has expired is taken over by any process that does. Turns of one session are answered one after the
other, those of others side by side. No answer is on the path of a message.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from chatbot.bot.answer_turn import Places, answer_turn
from chatbot.knowledge import search
from chatbot.models import TURN_LEASE, BotTurn, Message, Status, may_be_taken
from realtime.database import in_database, log_fault

TAKEOVER_INTERVAL_SECONDS = 1
WATCH_SECONDS = 0.5
RENEW_EVERY = 6  # looks: every 3 s, of a lease of 10 s
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
    session_id: int


class Runner:
    """The turns that this process has to answer. Lives in the loop it was made in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.turns: asyncio.Queue[Turn] = asyncio.Queue()
        self.held: dict[Turn, asyncio.Event] = {}  # begun or next in their session, with what halts them
        self.latest: dict[int, asyncio.Task[None]] = {}  # of each session
        self.places = Places()

    def hand_over(self, turn: Turn) -> None:
        """Have a turn answered soon. Callable from any thread."""
        self._loop.call_soon_threadsafe(self.turns.put_nowait, turn)

    def halt(self, session_id: int) -> None:
        """Have the answers to a session end as they are. Callable from any thread."""
        self._loop.call_soon_threadsafe(self._halt, session_id)

    def _halt(self, session_id: int) -> None:
        for turn, halted in self.held.items():
            if turn.session_id == session_id:
                halted.set()

    def unfinished(self) -> list[Turn]:
        return [*self.held, *(self.turns.get_nowait() for _ in range(self.turns.qsize()))]


_runner: Runner | None = None


def enqueue_turn(message: Message, *, now: datetime) -> None:
    """Note that the bot has to answer a message. Must run in the transaction that writes the message."""
    runner = _runner
    # A process without a runner (a command, a script) leaves the turn to a process that has one.
    lease = TURN_LEASE if runner else timedelta()
    claim = _write(message, lease_until=now + lease)
    if runner:
        transaction.on_commit(lambda: runner.hand_over(claim), robust=True)


def stop_turns(session_id: int) -> None:
    """Have the bot say no more to what it was asked in a session. Must run in a transaction that holds its lock.

    This process sees it at once, another one within WATCH_SECONDS.
    """
    BotTurn.objects.filter(message__session=session_id).update(is_stopped=True)
    if runner := _runner:
        transaction.on_commit(lambda: runner.halt(session_id), robust=True)


def _write(message: Message, *, lease_until: datetime) -> Turn:
    moment = connection.ops.adapt_datetimefield_value(lease_until)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_TURN, [message.pk, moment])
        turn_id, attempts = cursor.fetchone()
    return Turn(turn_id, attempts, message.session_id)


async def run_turns() -> None:
    """Answer turns until cancelled: this process's own at once, expired ones within a second."""
    global _runner
    runner = _runner = Runner()
    if settings.BOT_BASE_URL:
        from chatbot.bot.engine.outside.connections import import_openai

        await asyncio.to_thread(import_openai)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(search.prepare())
            tasks.create_task(_answer_turns(runner))
            tasks.create_task(_take_over_expired_turns(runner))
            tasks.create_task(_watch_turns(runner))
    finally:
        if _runner is runner:
            _runner = None
        await _give_back(runner.unfinished())


def claim_expired_turns() -> list[Turn]:
    """Take over turns whose lease has expired, each by compare-and-swap on its number of attempts."""
    expired = BotTurn.objects.filter(may_be_taken()).order_by("id")
    claimed = []
    for turn_id, attempts, session_id in expired.values_list("pk", "attempts", "message__session")[:TAKEOVER_BATCH]:
        changed = BotTurn.objects.filter(pk=turn_id, attempts=attempts).update(
            attempts=attempts + 1, lease_until=Now() + TURN_LEASE
        )
        if changed:
            claimed.append(Turn(turn_id, attempts + 1, session_id))
    return claimed


def expire_leases(turns: list[Turn]) -> None:
    """Let any process take these turns over at once."""
    for turn in turns:
        BotTurn.objects.filter(pk=turn.id, attempts=turn.attempt).update(lease_until=Now())


def renew_leases(turns: list[Turn]) -> None:
    """Keep turns that take longer than a lease; one statement for each number of attempts."""
    for attempt, held in groupby(sorted(turns, key=lambda turn: turn.attempt), key=lambda turn: turn.attempt):
        ids = [turn.id for turn in held]
        BotTurn.objects.filter(pk__in=ids, attempts=attempt).update(lease_until=Now() + TURN_LEASE)


def no_longer_wanted(turns: list[Turn]) -> set[Turn]:
    """Those that were stopped, are another process's now, or whose session has gone to people; one query."""
    wanted = BotTurn.objects.filter(
        pk__in=[turn.id for turn in turns], is_stopped=False, message__session__status=Status.BOT_ACTIVE
    )
    still = set(wanted.values_list("pk", "attempts"))
    return {turn for turn in turns if (turn.id, turn.attempt) not in still}


async def _answer_turns(runner: Runner) -> None:
    async with asyncio.TaskGroup() as tasks:
        while True:
            turn = await runner.turns.get()
            runner.held[turn] = asyncio.Event()
            before = runner.latest.get(turn.session_id)
            task = tasks.create_task(_answer_in_turn(runner, turn, before))
            runner.latest[turn.session_id] = task


async def _answer_in_turn(runner: Runner, turn: Turn, before: "asyncio.Task[None] | None") -> None:
    """Answer a turn after that which its session has had before."""
    if before is not None:
        await asyncio.wait({before})
    await _answer(turn, runner.held[turn], runner.places)
    del runner.held[turn]
    if runner.latest.get(turn.session_id) is asyncio.current_task():
        del runner.latest[turn.session_id]


async def _answer(turn: Turn, halted: asyncio.Event, places: Places) -> None:
    while True:
        try:
            await answer_turn(turn_id=turn.id, attempt=turn.attempt, halted=halted, places=places)
        except OperationalError as error:
            log_fault(logger, error, "database unavailable, turn is tried again turn=%s", turn.id)
            await asyncio.sleep(RETRY_SECONDS)
            continue
        except Exception:  # one bad turn must not stop the others; its lease will expire
            logger.exception("turn failed turn=%s attempt=%s", turn.id, turn.attempt)
        return


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


async def _watch_turns(runner: Runner) -> None:
    """Keep the leases of turns that take long, and halt those that are not wanted any more."""
    looks, seen = 0, set[Turn]()
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        held, looks = list(runner.held), looks + 1
        slow, seen = [turn for turn in held if turn in seen], set(held)
        if not slow:
            continue
        try:
            for turn in await in_database(no_longer_wanted, slow):
                if halted := runner.held.get(turn):
                    halted.set()
            if looks % RENEW_EVERY == 0:
                await in_database(renew_leases, slow)
        except OperationalError as error:
            log_fault(logger, error, "could not look after %s turns, will try again", len(slow))
        except Exception:
            logger.exception("could not look after %s turns, will try again", len(slow))


async def _give_back(turns: list[Turn]) -> None:
    """Expire the leases of a process that stops, so that another one answers at once."""
    if not turns:
        return
    try:
        await in_database(expire_leases, turns)
    except Exception as error:  # noqa: BLE001  then the leases expire by themselves
        log_fault(logger, error, "could not give back %s turns", len(turns))
