"""The process beside this one that finds by meaning: started by the first question, and again when it has ended.

One thread owns it. Nobody waits for it long: who gets no answer in time searches by words.
"""

import asyncio
import functools
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from django.conf import settings
from django.db import connection

from chatbot.knowledge.retrieval import frames

# How long a question waits for a process that starts: it takes a second or so, once.
START_PATIENCE_SECONDS = 2.5
PATIENCE_SECONDS = 1.0
# A process that has said nothing for so long hangs.
START_SECONDS = 60.0
ANSWER_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

PROJECT = Path(__file__).resolve().parents[3]
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

logger = logging.getLogger(__name__)

Found = list[tuple[str, str, str, float]]


def command(*what: str) -> list[str]:
    encoders, database = str(int(settings.BOT_ENCODER)), str(connection.settings_dict["NAME"])
    return [sys.executable, "-m", "chatbot.knowledge.retrieval", *what, encoders, database]


def environment() -> dict[str, str]:
    return {**os.environ, **ONE_THREAD}


class Child:
    """One process, and the socket to it. Its errors: OSError, EOFError (it ended), BadFrame."""

    def __init__(self) -> None:
        self.connection, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                command("answer", str(theirs.fileno())),
                cwd=PROJECT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def wait_ready(self) -> None:
        self._receive(START_SECONDS)
        logger.info("finds by meaning pid=%s", self.process.pid)

    def find(self, text: str) -> Found:
        frames.send(self.connection, {"text": text})
        return [(key, question, language, share) for key, question, language, share in self._receive()["found"]]

    def _receive(self, within_seconds: float = ANSWER_SECONDS) -> Any:
        self.connection.settimeout(within_seconds)
        said = frames.receive(self.connection)
        if said is None:
            raise EOFError
        return said

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()


FAULTS = (OSError, EOFError, frames.BadFrame, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Asking:
    """A question; nobody waits for its answer after `until`."""

    text: str
    until: float
    answer: "Future[Found | None]" = field(default_factory=Future)


class Answerer:
    """The process beside this one, started again when it has ended. `find` is for any thread and loop."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Asking | None] = SimpleQueue()
        self._child: Child | None = None
        self._is_ready = False
        self._waits_since = 0.0  # while a question is answered, or the process starts for one
        self._pause_seconds = 0.0
        self._may_start_at = 0.0
        self._thread = threading.Thread(target=self._work, name="retrieval", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._child.process.pid if self._child else None

    async def find(self, text: str) -> Found | None:
        """What fits a question; None if there is no answer in time, at once where that is known before."""
        now = time.monotonic()
        patience = PATIENCE_SECONDS if self._is_ready else START_PATIENCE_SECONDS
        if (self._child is None and now < self._may_start_at) or (
            self._waits_since and now > self._waits_since + patience
        ):
            return None
        asking = Asking(text, now + patience)
        self._asked.put(asking)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(asking.answer), patience)
        except TimeoutError:
            return None

    def find_at_leisure(self, text: str) -> Found | None:
        """As find, for who can wait for a start."""
        asking = Asking(text, float("inf"))
        self._asked.put(asking)
        return asking.answer.result()

    def close(self) -> None:
        """End the process and the thread."""
        self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (asking := self._asked.get()) is not None:
            if not asking.answer.set_running_or_notify_cancel():
                continue
            found = None
            if time.monotonic() < asking.until:
                self._waits_since = time.monotonic()
                found = self._try(asking.text)
                self._waits_since = 0.0
            asking.answer.set_result(found)
        self._end()

    def _try(self, text: str) -> Found | None:
        try:
            if self._child is None:
                self._child = Child()
                self._child.wait_ready()
                self._is_ready = True
            found = self._child.find(text)
        except FAULTS as error:
            logger.warning("the process that finds by meaning is started again pid=%s: %r", self.pid, error)
            self._end()
            self._pause_seconds = min(max(2 * self._pause_seconds, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            self._may_start_at = time.monotonic() + self._pause_seconds
            return None
        self._pause_seconds = 0.0
        return found

    def _end(self) -> None:
        self._is_ready = False
        if self._child is not None:
            self._child.end()
        self._child = None


@functools.cache
def answerer() -> Answerer:
    """That of this process."""
    return Answerer()


def end_answerer() -> None:
    """End it; the next question starts another, with as many encoders as are set then."""
    if answerer.cache_info().currsize:
        answerer().close()
        answerer.cache_clear()
