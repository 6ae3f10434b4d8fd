"""Run steps of the Makefile side by side: `run_steps.py 2 browser lint types` runs two at a time, in that order.

A step begins when one before it ends, whatever came of that: with the longest first, all end at about the same time.
What a step prints comes out line by line, with its name in front; the summary at the end repeats the last line of each
test run, and of a step that failed the tests that failed and why, or the last lines. Exit code 1 if a step failed.
"""

import asyncio
import os
import re
import sys
import time
from collections import deque
from dataclasses import dataclass, field

MAKE = os.environ.get("MAKE", "make")
TEST_RUN = re.compile(r"^=+ .* in [0-9.]+s.* =+$")
FAILURE = re.compile(r"^(FAILED|ERROR|E  ) ")
LINES_OF_A_FAILURE = 15
CHUNK_BYTES = 64 * 1024


@dataclass
class Step:
    """One target of the Makefile."""

    name: str
    result: str = "not run"
    seconds: float = 0.0
    test_runs: list[str] = field(default_factory=list)
    failures: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_OF_A_FAILURE))
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_OF_A_FAILURE))

    async def run(self) -> None:
        print(f"── {self.name}", flush=True)
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            MAKE, "--no-print-directory", self.name, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        assert process.stdout is not None
        rest = b""
        while data := await process.stdout.read(CHUNK_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._show(line.decode(errors="replace"))
        if rest:
            self._show(rest.decode(errors="replace"))
        self.result = "FAILED" if await process.wait() else "ok"
        self.seconds = time.monotonic() - started

    def _show(self, line: str) -> None:
        print(f"{self.name:14} │ {line}", flush=True)
        self.last_lines.append(line)
        if TEST_RUN.match(line):
            self.test_runs.append(line)
        elif FAILURE.match(line):
            self.failures.append(line)

    def summary(self) -> str:
        return f"{self.result:8}{self.name:15}{self.seconds:5.0f} s  {' '.join(self.test_runs[-1:])}".rstrip()

    def why_it_failed(self) -> list[str]:
        return [f"{self.name:14} │ {line}" for line in self.failures or self.last_lines]


async def run_all(steps: list[Step], at_once: int) -> None:
    waiting = deque(steps)

    async def work() -> None:
        while waiting:
            await waiting.popleft().run()

    async with asyncio.TaskGroup() as running:
        for _ in range(at_once):
            running.create_task(work())


def main() -> int:
    at_once, *names = sys.argv[1:]
    steps = [Step(name) for name in names]
    started = time.monotonic()
    asyncio.run(run_all(steps, int(at_once)))
    print("── summary")
    for step in steps:
        print(step.summary())
    failed = [step for step in steps if step.result != "ok"]
    for step in failed:
        print(*step.why_it_failed(), sep="\n")
    result = f"failed: {' '.join(step.name for step in failed)}" if failed else "all passed"
    print(f"{result} in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
