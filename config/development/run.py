"""Runs the programs of a development machine until a signal, in a process that has loaded nothing else.

`manage.py dev` prepares the database, for which it loads all of Django, and then becomes this program: it holds a
quarter of the memory.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from config.development.readiness import service_is_ready, valkey_is_ready, wait_until_ready
from config.development.supervisor import Child, Program

PROJECT = Path(__file__).resolve().parent.parent.parent
MAIN = f"import sys; sys.path[0] = {str(PROJECT)!r}; from {__name__} import main; main()"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Listening:
    """A program and the port on which it is asked whether it is ready."""

    program: Program
    port: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run; `greeting` is printed when all of it is ready."""

    services: Sequence[Listening]
    valkey: Listening | None
    greeting: str


def become(plan: Plan, environment: Mapping[str, str]) -> NoReturn:
    """Replace this process by one that carries out the plan. Signals wait until that one takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-c", MAIN, json.dumps(asdict(plan))], dict(environment))


def read_plan(text: str) -> Plan:
    content = json.loads(text)
    valkey = content["valkey"]
    return Plan([_listening(each) for each in content["services"]], valkey and _listening(valkey), content["greeting"])


def _listening(content: Mapping[str, Any]) -> Listening:
    return Listening(Program(**content["program"]), content["port"])


class Development:
    """The running programs. Valkey answers before the services start, and stops after them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._services = [Child(service.program, say) for service in plan.services]
        self._valkey = Child(plan.valkey.program, say) if plan.valkey else None
        self._signalled = asyncio.Event()

    async def run(self) -> None:
        """Start everything, print the greeting, wait for a signal, stop everything. A second signal kills."""
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        signalled = asyncio.create_task(self._signalled.wait())
        startup = asyncio.create_task(self._start())
        try:
            await asyncio.wait({signalled, startup}, return_when=asyncio.FIRST_COMPLETED)
            if startup.done():
                startup.result()
            await signalled
        finally:
            startup.cancel()
            await asyncio.wait({startup})
            await self._stop()

    async def _start(self) -> None:
        say(f"starting {', '.join(child.program.name for child in self._children())}")
        if self._valkey and self._plan.valkey:
            self._valkey.start()
            await wait_until_ready("valkey", valkey_is_ready, self._plan.valkey.port, say)
        for child in self._services:
            child.start()
        await asyncio.gather(
            *(wait_until_ready(each.program.name, service_is_ready, each.port, say) for each in self._plan.services)
        )
        say(f"{self._ready_line()}\n{self._plan.greeting}")

    def _children(self) -> list[Child]:
        return [*([self._valkey] if self._valkey else []), *self._services]

    def _ready_line(self) -> str:
        urls = (f"{each.program.name} http://localhost:{each.port}/" for each in self._plan.services)
        return "ready  " + "  ".join(urls)

    async def _stop(self) -> None:
        await asyncio.gather(*(child.stop() for child in self._services))
        if self._valkey:
            await self._valkey.stop()
        say("stopped")

    def _on_signal(self) -> None:
        if not self._signalled.is_set():
            say("stopping; a second Ctrl-C stops at once")
            self._signalled.set()
            return
        for child in (*self._services, self._valkey):
            if child:
                child.kill()


def say(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads any more: that is no reason to stop
        print(line, flush=True)


def main() -> None:
    asyncio.run(Development(read_plan(sys.argv[1])).run())
