"""Draining under servers that take the stop signals themselves."""

import asyncio
import signal
from types import FrameType

from realtime import process

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


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
        loop.call_soon_threadsafe(process.current().streams.drain)
        if callable(theirs):
            theirs(received, frame)

    signal.signal(number, stop)
