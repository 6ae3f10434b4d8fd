"""One who writes messages while faults happen, each again until it is accepted, and what all writers note."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.clients import CustomerClient
from tests.faults.calls import Answer, Caller, NoAnswer
from tests.faults.ledgers import AcceptedCall, AcceptedPost
from tests.faults.receipts import AcceptedReceipt

POSTS_PER_SECOND = 8.0  # of each writer; two for each session
RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Timed:
    """Something that began at a moment and took so long."""

    at: float
    seconds: float


@dataclass
class Ledger:
    """What was accepted, how long that took, and which answers were none."""

    posts: list[AcceptedPost] = field(default_factory=list)
    calls: list[AcceptedCall] = field(default_factory=list)
    receipts: list[AcceptedReceipt] = field(default_factory=list)
    post_times: list[Timed] = field(default_factory=list)
    call_times: list[Timed] = field(default_factory=list)
    probe_times: list[Timed] = field(default_factory=list)  # of a GET that needs neither database nor Redis
    pause_times: list[Timed] = field(default_factory=list)  # by how much the publisher overslept
    write_times: list[Timed] = field(default_factory=list)  # of a write to the same database, past the product
    sent_at: dict[str, float] = field(default_factory=dict)  # mark: when its accepted call began
    answers: list[tuple[float, int]] = field(default_factory=list)  # when, status
    dropped: int = 0  # requests without an answer
    written_though_refused: int = 0
    refusals_without_advice: int = 0


def short_text(turn: int) -> str:
    """What a message says beyond its mark."""
    return "…" * (turn % 40)


class Writer:
    """The customer or the agent of one session."""

    def __init__(
        self, session: CustomerClient, name: str, ledger: Ledger, seed: int, text_for: Callable[[int], str]
    ) -> None:
        self.name = name
        self._session = session
        self._ledger = ledger
        self._text_for = text_for
        self._chance = random.Random(f"{seed} {session.session_name} {name}")

    async def write_until(self, is_over: asyncio.Event, caller: Caller) -> None:
        """Write messages one after the other until it is over."""
        for turn in range(1_000_000):
            if is_over.is_set():
                return
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) / POSTS_PER_SECOND)
            await self._post_until_accepted(caller, turn)

    async def _post_until_accepted(self, caller: Caller, turn: int) -> None:
        """Post one message, again under its client_id until it is accepted."""
        mark = f"{self.name}-{turn}-{self._chance.randrange(10**9)}"
        content = f"{mark} {self._text_for(turn)}"
        path = f"{self._session.path}/messages"
        may_be_written = False
        while True:
            started = time.monotonic()
            if not may_be_written:
                self._ledger.sent_at[mark] = started
            try:
                answer = await caller.post(path, {"content": content, "client_id": mark})
            except NoAnswer as error:
                self._ledger.dropped += 1
                may_be_written |= error.was_sent
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._ledger.answers.append((started, answer.status))
            self._ledger.post_times.append(Timed(started, time.monotonic() - started))
            if answer.status in (200, 201):
                self._accept(answer, turn, content, may_be_written)
                return
            assert answer.status == 503, answer
            self._ledger.refusals_without_advice += not answer.says_when_to_come_back
            await asyncio.sleep(RETRY_SECONDS)

    def _accept(self, answer: Answer, turn: int, content: str, may_be_written: bool) -> None:
        """Note an accepted message. 200 says that it had been written: by an attempt that had no answer, or wrongly."""
        if answer.status == 200 and not may_be_written:
            self._ledger.written_though_refused += 1
        name = self._session.session_name
        self._ledger.posts.append(AcceptedPost(name, self.name, turn, answer.json()["id"], content))
