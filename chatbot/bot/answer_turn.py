"""The bot answers a customer's message: it asks its engine, shows the answer while it is made, and writes it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import OperationalError
from django.utils.translation import gettext_noop

from chatbot.bot import work
from chatbot.bot.engine.choice import EMBEDDED
from chatbot.bot.engine.embedded import apologise
from chatbot.bot.engine.hand_over import as_vip, as_wished
from chatbot.bot.engine.interface import Action, Engine, EngineTrouble, Outcome, Text
from chatbot.bot.engine.wording import say
from chatbot.bot.metrics import count_answer, count_trouble
from chatbot.bot.showing import Showing
from chatbot.bot.understanding.phrases import PHRASE_BOOK
from chatbot.bot.work import LostTurn, Work
from chatbot.models import Status
from realtime.database import in_database, in_turn, log_fault

MAX_ATTEMPTS = 3

# Answers that one bot outside makes at once for a process: one that hangs holds up nobody else's.
AT_ONCE = 200

RETRY_SECONDS = 1.0

# Engines have deadlines of their own; this one is for those that do not keep them.
MAX_SECONDS = 180.0

STOPPED = gettext_noop("All right, I have stopped.")

logger = logging.getLogger(__name__)


class Places:
    """Of each bot outside, by the id of its row (None: that of the environment). Lives in one loop."""

    def __init__(self) -> None:
        self._places: dict[int | None, asyncio.Semaphore] = {}

    def of(self, row_id: int | None) -> asyncio.Semaphore:
        return self._places.setdefault(row_id, asyncio.Semaphore(AT_ONCE))


async def answer_turn(
    *, turn_id: int, attempt: int, halted: asyncio.Event | None = None, places: Places | None = None
) -> bool:
    """Answer a turn's message and delete the turn; return whether this call did.

    False if another process took the turn over (its number of attempts is then higher). Where the session waits
    for a human or has one, the turn ends without an answer. After MAX_ATTEMPTS the bot apologises instead of thinking.
    Once `halted` is set, the answer is what was shown until then. Locks the session while it writes, not while the
    engine works.
    """
    halted = halted or asyncio.Event()
    try:
        working = await in_database(work.begin, turn_id, attempt)
        outcome, is_halted = await _outcome(working, attempt, halted, places or Places())
        await _insist(working, partial(work.end, working, outcome, is_halted=is_halted))
    except LostTurn:
        return False
    count_answer("stopped" if is_halted else outcome.action)
    if outcome.is_unsure:
        logger.info("bot unsure message=%s", working.turn.message_id)
    return True


async def _outcome(working: Work, attempt: int, halted: asyncio.Event, places: Places) -> tuple[Outcome, bool]:
    """What the bot decides, and whether it was halted before: then it is what was shown."""
    if working.turn.is_stopped or working.session.status != Status.BOT_ACTIVE:
        return _as_shown(working), True
    if attempt > MAX_ATTEMPTS:
        return apologise(working.question), False
    asking = asyncio.create_task(_ask_with_fallback(working, halted, places))
    await _first(asking, halted.wait())
    if not halted.is_set():
        return await asking, False
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError, EngineTrouble):
        await asking
    return _as_shown(working), True


def _as_shown(working: Work) -> Outcome:
    return Outcome(Action.ANSWER, working.turn.shown or say(STOPPED, working.session.language))


async def _first(asking: "asyncio.Task[Outcome]", halt: Awaitable[bool]) -> None:
    """Wait for one of the two. Who is cancelled takes the task with him."""
    halting = asyncio.ensure_future(halt)
    try:
        await asyncio.wait({asking, halting}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        asking.cancel()
        await asyncio.wait({asking})
        raise
    finally:
        halting.cancel()


async def _ask_with_fallback(working: Work, halted: asyncio.Event, places: Places) -> Outcome:
    """Ask the session's engine; the one that is built in, where that gives no usable answer."""
    chosen, question = working.chosen, working.question
    if chosen.is_embedded:
        return await _ask(chosen.engine, working, halted)
    if wish := as_wished(question, await PHRASE_BOOK.phrases()):
        return wish
    try:
        async with places.of(chosen.row_id), asyncio.timeout(MAX_SECONDS):
            return as_vip(question, await _ask(chosen.engine, working, halted))
    except (OperationalError, LostTurn):
        raise
    except Exception as trouble:  # noqa: BLE001  whatever it is, the customer gets an answer
        name = type(chosen.engine).__name__
        what = trouble if isinstance(trouble, EngineTrouble) else type(trouble)  # what others say may quote people
        logger.warning("bot failed engine=%s message=%s: %s", name, working.turn.message_id, what)
        count_trouble(name)
    if working.turn.shown:
        await _to_its_end(_insist(working, partial(work.set_aside, working)))
    outcome = await _ask(EMBEDDED.engine, working, halted)
    return replace(outcome, had_trouble=True, offer_human=outcome.offer_human or question.context.had_trouble)


async def _insist(working: Work, job: Callable[[], None]) -> None:
    """Run a job on the session until the database takes it: an engine is not asked again for a busy moment."""
    while True:
        try:
            return await in_turn(working.session.name, job)
        except OperationalError as error:
            log_fault(logger, error, "database unavailable, the answer waits turn=%s", working.turn.pk)
            await asyncio.sleep(RETRY_SECONDS)


async def _to_its_end(doing: Coroutine[Any, Any, None]) -> None:
    """Who is cancelled meanwhile waits for it: half of it must not be taken for nothing."""
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def _ask(engine: Engine, working: Work, halted: asyncio.Event) -> Outcome:
    showing = Showing(working, halted)
    outcome: Outcome | None = None
    async with showing.running(), contextlib.aclosing(engine.answer(working.question)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Text):
                showing.add(piece.text)
            else:
                outcome = piece
    if outcome is None:
        raise EngineTrouble("no outcome")
    if outcome.action is not Action.HAND_OVER and not outcome.text.startswith(working.turn.shown):
        raise EngineTrouble("the answer is not what was shown")
    return outcome
