"""The process that sends through the Python API (publisher.py), and what it reports of each call."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import IO, Any

from harness.forks import open_pipe, start_python
from tests.faults.ledgers import AcceptedCall
from tests.faults.publisher import Orders
from tests.faults.writers import Ledger, Timed

END_SECONDS = 30.0


@dataclass
class Publisher:
    """A publisher process: it tells of each call in a line, and ends when its input is closed."""

    told: asyncio.StreamReader
    input: IO[bytes]


async def publish_until(is_over: asyncio.Event, orders: Orders, environment: dict[str, str], ledger: Ledger) -> None:
    """Run a publisher until it is over, and note each of its calls."""
    async with running_publisher(orders, environment) as publisher:
        stopping = asyncio.create_task(_close_when(is_over, publisher.input))
        async for line in publisher.told:
            _note(json.loads(line), ledger)
        await stopping


async def _close_when(is_over: asyncio.Event, input: IO[bytes]) -> None:
    await is_over.wait()
    input.close()


def _note(told: dict[str, Any], ledger: Ledger) -> None:
    ledger.call_times.append(Timed(told["at"], told["seconds"]))
    ledger.pause_times.append(Timed(told["at"], told["overslept"]))
    if "refused" not in told:
        ledger.calls.append(AcceptedCall(told["channel"], told["number"], told["mark"]))
        ledger.sent_at[told["mark"]] = told["at"]


@contextlib.asynccontextmanager
async def running_publisher(orders: Orders, environment: dict[str, str]) -> AsyncIterator[Publisher]:
    """A publisher process, gone afterwards; AssertionError if it failed."""
    command = ["-m", "tests.faults.publisher", json.dumps(asdict(orders))]
    quiet = {**environment, "LOG_LEVEL": "ERROR"}  # that Redis comes and goes is no news here
    theirs_in, input = open_pipe()
    output, theirs_out = open_pipe()
    with tempfile.TemporaryFile() as errors, input:
        with theirs_in, theirs_out:
            process = start_python(command, quiet, stdin=theirs_in, stdout=theirs_out, stderr=errors)
        told = asyncio.StreamReader()
        reading, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(told), output
        )
        try:
            yield Publisher(told, input)
            code = await asyncio.to_thread(process.wait, END_SECONDS)
            errors.seek(0)
            assert code == 0, f"the publisher ended with {code}: {errors.read().decode()}"
        finally:
            reading.close()
            process.kill()
            await asyncio.to_thread(process.wait)
