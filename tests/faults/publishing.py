"""The process that sends through the Python API (publisher.py), and what it reports of each call."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from harness.programs import ROOT
from tests.faults.ledgers import AcceptedCall
from tests.faults.publisher import Orders
from tests.faults.writers import Ledger, Timed


async def publish_until(is_over: asyncio.Event, orders: Orders, environment: dict[str, str], ledger: Ledger) -> None:
    """Run a publisher until it is over, and note each of its calls."""
    async with running_publisher(orders, environment) as publisher:
        assert publisher.stdin is not None
        assert publisher.stdout is not None
        stopping = asyncio.create_task(_close_when(is_over, publisher.stdin))
        async for line in publisher.stdout:
            _note(json.loads(line), ledger)
        await stopping


async def _close_when(is_over: asyncio.Event, stdin: asyncio.StreamWriter) -> None:
    await is_over.wait()
    stdin.close()


def _note(told: dict[str, Any], ledger: Ledger) -> None:
    ledger.call_times.append(Timed(told["at"], told["seconds"]))
    ledger.pause_times.append(Timed(told["at"], told["overslept"]))
    if "refused" not in told:
        ledger.calls.append(AcceptedCall(told["channel"], told["number"], told["mark"]))
        ledger.sent_at[told["mark"]] = told["at"]


@contextlib.asynccontextmanager
async def running_publisher(orders: Orders, environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A publisher process, gone afterwards; AssertionError if it failed."""
    publisher = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.publisher", json.dumps(asdict(orders))),
        cwd=ROOT,
        env={**environment, "LOG_LEVEL": "ERROR"},  # that Redis comes and goes is no news here
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield publisher
        code = await asyncio.wait_for(publisher.wait(), 30)
        assert code == 0, f"the publisher ended with {code}"
    finally:
        if publisher.returncode is None:
            publisher.kill()
            await publisher.wait()
