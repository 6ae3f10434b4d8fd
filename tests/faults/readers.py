"""One whose pages confirm what the other side wrote, each time again until it is accepted."""

import asyncio
import random

from harness.clients import CustomerClient
from tests.faults.calls import Caller, NoAnswer
from tests.faults.receipts import CONFIRMS, AcceptedReceipt
from tests.faults.writers import RETRY_SECONDS, Ledger

CONFIRMS_PER_SECOND = 2.0  # of each reader; two for each session
LAGS = 10  # by so many messages at most a page is behind: another tab, or one that is not looked at


class Reader:
    """The customer or the agent of one session, with several pages open, of which any may confirm."""

    def __init__(self, session: CustomerClient, name: str, ledger: Ledger, seed: int) -> None:
        self._session = session
        self._name = name
        self._ledger = ledger
        self._chance = random.Random(f"{seed} {session.session_name} {name} reads")

    async def confirm_until(self, is_over: asyncio.Event, caller: Caller) -> None:
        """Confirm until it is over; last of all comes the page that is furthest behind."""
        while not is_over.is_set():
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) / CONFIRMS_PER_SECOND)
            if recent := self._accepted_ids()[-LAGS:]:
                delivered, seen = self._chance.choice(recent), self._chance.choice(recent)
                await self._confirm_until_accepted(caller, delivered, seen)
        for first in self._accepted_ids()[:1]:
            await self._confirm_until_accepted(caller, first, first)

    def _accepted_ids(self) -> list[int]:
        """What the other side has written, in order."""
        name, writer = self._session.session_name, CONFIRMS[self._name]
        return sorted(post.id for post in self._ledger.posts if (post.session_name, post.writer) == (name, writer))

    async def _confirm_until_accepted(self, caller: Caller, delivered: int, seen: int) -> None:
        body = {"delivered": delivered, "seen": seen}
        while True:
            try:
                answer = await caller.post(f"{self._session.path}/receipts", body)
            except NoAnswer:
                self._ledger.dropped += 1
            else:
                if answer.status == 204:
                    break
                assert answer.status == 503, answer
                self._ledger.refusals_without_advice += not answer.says_when_to_come_back
            await asyncio.sleep(RETRY_SECONDS)
        self._ledger.receipts.append(AcceptedReceipt(self._session.session_name, self._name, delivered, seen))
