"""What one process publishes on one Redis server: in order, one batch under way at a time, each wait bounded."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from realtime.layers.redis.connection import RedisConnection

BUDGET_SECONDS = 0.3
MAX_UNSENT = 10_000  # messages
MAX_BATCH = 500

WireMessage = tuple[str, bytes]  # Redis channel, bytes


@dataclass(frozen=True, slots=True)
class Sending:
    """Messages that go out together, or none of them."""

    messages: Sequence[WireMessage]
    taken: asyncio.Future[bool]
    due: float  # by the loop's clock: what has not gone out by then is given up

    def settle(self, is_taken: bool) -> None:
        if not self.taken.done():
            self.taken.set_result(is_taken)


class Writer:
    """Sends while it has a connection. Calls `overdue` when Redis has not answered a batch within the budget."""

    def __init__(self, overdue: Callable[[], None]) -> None:
        self._overdue = overdue
        self._connection: RedisConnection | None = None
        self._may_wait = False  # True while the first attempt to connect is under way
        self._opened_at = 0.0
        self._unsent: deque[Sending] = deque()
        self._unsent_messages = 0
        self._in_flight: list[Sending] = []
        self._unanswered = 0
        self._timer: asyncio.TimerHandle | None = None

    def send(self, messages: Sequence[WireMessage]) -> asyncio.Future[bool]:
        """Send messages in order, now if nothing waits before them; the future tells whether Redis has taken them all.

        It does so within twice the budget: what waits behind an answer that takes longer is given up. False does not
        mean that nothing arrived: a message that timed out may still come through.
        """
        loop = asyncio.get_running_loop()
        sending = Sending(messages, loop.create_future(), loop.time() + BUDGET_SECONDS)
        if not messages or not (self._connection or self._may_wait):
            sending.settle(not messages)
            return sending.taken
        self._unsent.append(sending)
        self._unsent_messages += len(messages)
        if self._unsent_messages > MAX_UNSENT:
            self._give_up_unsent()  # all of it, in order
        elif self._connection and not self._in_flight:
            self._send_batch()
        return sending.taken

    def expect_connection(self) -> None:
        """A first attempt to connect begins: what is sent waits for it."""
        self._may_wait = True

    def open(self, connection: RedisConnection, canary: WireMessage) -> asyncio.Future[bool]:
        """Use this connection from now on: a canary goes out first, then what waited."""
        loop = asyncio.get_running_loop()
        self._connection, self._opened_at = connection, loop.time()
        sending = Sending([canary], loop.create_future(), self._opened_at + BUDGET_SECONDS)
        self._unsent.appendleft(sending)
        self._unsent_messages += 1
        self._send_batch()
        return sending.taken

    def close(self) -> None:
        """Give up everything, also what is sent until the next `open`."""
        self._connection, self._may_wait = None, False
        self._settle(False)
        self._give_up_unsent()

    def answered(self, count: int) -> None:
        """Redis has taken so many messages more."""
        self._unanswered -= count
        if self._unanswered == 0 and self._in_flight:
            self._settle(True)
            if self._connection:
                self._send_batch()

    def _send_batch(self) -> None:
        assert self._connection is not None
        now = asyncio.get_running_loop().time()
        messages: list[WireMessage] = []
        while self._unsent and (not messages or len(messages) + len(self._unsent[0].messages) <= MAX_BATCH):
            sending = self._unsent.popleft()
            self._unsent_messages -= len(sending.messages)
            if max(sending.due, self._opened_at + BUDGET_SECONDS) < now:
                sending.settle(False)
            else:
                self._in_flight.append(sending)
                messages += sending.messages
        if messages:
            self._unanswered = len(messages)
            self._timer = asyncio.get_running_loop().call_later(BUDGET_SECONDS, self._overdue)
            self._connection.send(*(("PUBLISH", channel, data) for channel, data in messages))

    def _settle(self, is_taken: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        settled, self._in_flight = self._in_flight, []
        for sending in settled:
            sending.settle(is_taken)

    def _give_up_unsent(self) -> None:
        unsent, self._unsent, self._unsent_messages = self._unsent, deque(), 0
        for sending in unsent:
            sending.settle(False)
