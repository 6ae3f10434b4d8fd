"""Run programs side by side: prefix what they print, start again what dies, stop them all.

`manage.py dev` runs its two services and the embedded Valkey with it. A child never outlives its parent: the kernel
kills it when the parent goes, by SIGKILL too, so that there is no orphan to find and no pidfile to trust.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0
STOP_SECONDS = 12.0  # a service drains its requests for up to 10 s
LAST_OUTPUT_SECONDS = 1.0
READ_BYTES = 64 * 1024
PR_SET_PDEATHSIG = 1  # <sys/prctl.h>

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `environment` is the whole environment of the child; None inherits the parent's."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    ignored_output: Sequence[str] = ()  # lines that contain one of these are not printed


class Child:
    """One program, kept running until `stop`. `say` prints a line; it must not raise."""

    def __init__(self, program: Program, say: Say) -> None:
        self.program = program
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep_running(), name=self.program.name)

    async def stop(self) -> None:
        """Send SIGTERM, after STOP_SECONDS SIGKILL, and return when the process is gone."""
        if self._keeper is None:
            return
        self._keeper.cancel()
        await asyncio.wait({self._keeper})

    def kill(self) -> None:
        """Send SIGKILL at once; a `stop` that waits then returns."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _keep_running(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = clock()
            ending = await self._run_once()
            if clock() - started >= STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._say(f"{self.program.name} {ending}; it is started again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _run_once(self) -> str:
        """Run the program to its end and return how it ended. When cancelled, end it first."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self.program.command,
                env=self.program.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C reaches the parent alone, which stops them in order
                preexec_fn=prepare_death_with_parent(),
            )
        except OSError as error:
            return f"cannot be started ({error})"
        self._process = process
        output = asyncio.create_task(self._copy_output(process))
        try:
            return describe_exit(await process.wait())
        except asyncio.CancelledError:
            await _end(process)
            raise
        finally:
            self._process = None
            await asyncio.wait({output}, timeout=LAST_OUTPUT_SECONDS)
            output.cancel()

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        rest = b""
        while data := await process.stdout.read(READ_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._say_line(line)
        if rest:
            self._say_line(rest)

    def _say_line(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        if not any(part in text for part in self.program.ignored_output):
            self._say(f"[{self.program.name}] {text}")


def describe_exit(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def stop_with_parent() -> None:
    """Ask the kernel for a SIGTERM to this process when its parent goes, for a parent that cannot pass one on."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went before we asked
        os.kill(os.getpid(), signal.SIGTERM)


def prepare_death_with_parent() -> Callable[[], None] | None:
    """What a new child calls before its program starts. Only Linux can do this; elsewhere an orphan lives on."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: the child of a fork should do as little as it can
    parent = os.getpid()

    def die_with_parent() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return die_with_parent


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        # Not `asyncio.timeout`, which raises nothing in a task that was cancelled before Python 3.11.3 (gh-102780).
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
