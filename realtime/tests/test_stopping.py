"""A process that is told to stop ends in time, whatever hangs, and stops what it runs in any case."""

import asyncio
import signal
import subprocess
import sys
from unittest import mock

import pytest

from realtime import process
from realtime.process import Process
from realtime.serving import daphne_server as server
from realtime.serving import stopping
from realtime.serving.daphne_server import DrainingServer
from realtime.tests.conftest import DEADLINE_SECONDS, until

pytestmark = pytest.mark.django_db(transaction=True)

HANG = """
import threading, time
import django
django.setup()
from realtime.serving import stopping

stopping.STOP_LIMIT_SECONDS = 0.5
stopping.end_in_any_case()
threading.Thread(target=time.sleep, args=(60,), name="hangs").start()
"""


def test_a_process_whose_thread_hangs_ends_and_shows_where() -> None:
    done = subprocess.run([sys.executable, "-c", HANG], capture_output=True, text=True, timeout=40, check=False)
    assert done.returncode == 1
    assert "Timeout" in done.stderr


async def test_a_signal_bounds_the_stop_of_any_server(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """As uvicorn has set its own handler; daphne_server.py calls it by itself."""
    calls: list[str] = []
    monkeypatch.setattr(stopping, "end_in_any_case", lambda: calls.append("bounded"))
    before = {number: signal.getsignal(number) for number in stopping.STOP_SIGNALS}
    signal.signal(signal.SIGTERM, lambda *_: calls.append("theirs"))
    try:
        stopping.drain_on_signal()
        signal.raise_signal(signal.SIGTERM)
        assert calls == ["bounded", "theirs"]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def test_a_stop_does_not_wait_for_a_database_that_hangs(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STEP_LIMIT_SECONDS", 0.05)
    has_ended, hangs = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        try:
            await asyncio.sleep(3_600)
        finally:
            has_ended.set()
            await hangs.wait()  # as who gives back what he has taken, in a database that does not answer

    in_memory.run_in_background(job)
    await asyncio.sleep(0)
    monkeypatch.setattr(in_memory.numberer, "_job", asyncio.create_task(hangs.wait()))
    with mock.patch.object(in_memory.layer, "close", wraps=in_memory.layer.close) as close:
        await asyncio.wait_for(in_memory.stop(), DEADLINE_SECONDS)
    assert has_ended.is_set()
    close.assert_called_once()
    hangs.set()


async def test_a_request_that_does_not_end_keeps_nothing_from_being_stopped(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("DRAIN_LIMIT_SECONDS", "FLUSH_LIMIT_SECONDS"):
        monkeypatch.setattr(server, limit, 0.05)
    monkeypatch.setattr(server, "end_in_any_case", mock.Mock())
    monkeypatch.setattr(server, "_has_unsent_answers", lambda: False)
    draining = DrainingServer("config.asgi:chatbot", "tcp:port=0")
    monkeypatch.setattr(draining, "stop", mock.Mock())
    request = asyncio.create_task(asyncio.sleep(3_600))
    draining._in_flight.add(request)
    with mock.patch.object(in_memory, "stop", wraps=in_memory.stop) as stop:
        draining._begin_to_stop()
        await until(lambda: draining.stop.called)
    stop.assert_awaited_once()
    server.end_in_any_case.assert_called_once()  # type: ignore[attr-defined]
    request.cancel()
