"""Stopping in time: although something hangs, and under servers that take the stop signals themselves."""

import asyncio
import faulthandler
import signal
from types import FrameType

from realtime import process

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
STOP_LIMIT_SECONDS = 8.0


def end_in_any_case() -> None:
    """End this process after STOP_LIMIT_SECONDS if it has not ended, with the stacks of all threads and exit code 1.

    At its end the interpreter waits for its threads, and one may wait for a database that does not answer.
    faulthandler's own thread needs neither the interpreter nor its lock.
    """
    faulthandler.dump_traceback_later(STOP_LIMIT_SECONDS, exit=True)


def drain_on_signal() -> None:
    """End the streams when the process is told to stop, then let the server's own handler do the rest.

    uvicorn waits for open connections to end by themselves: with open streams, for ever.
    Call it in the home loop, in the main thread, once the server has installed its handlers.
    """
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        _chain(number, loop)


def _chain(number: signal.Signals, loop: asyncio.AbstractEventLoop) -> None:
    theirs = signal.getsignal(number)

    def stop(received: int, frame: FrameType | None) -> None:
        end_in_any_case()
        loop.call_soon_threadsafe(process.current().streams.drain)
        if callable(theirs):
            theirs(received, frame)

    signal.signal(number, stop)
