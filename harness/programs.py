"""Programs that a test or a benchmark starts: child processes with a log, which die with it, whatever ends it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from config.development import valkey
from harness import forks
from harness.forks import Process, start_program, start_python
from harness.ports import take_port

ROOT = forks.ROOT
HOST = "127.0.0.1"
START_SECONDS = 120.0  # a limit of what is waited for: on a machine that others keep busy a start takes a minute
STOP_SECONDS = 20.0
POLL_SECONDS = 0.02
TAIL_LINES = 60


def wait_until(what: str, condition: Callable[[], bool], within: float = 5.0) -> None:
    """Return once `condition` holds; AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(POLL_SECONDS)


def is_gone(pid: int) -> bool:
    """Whether the process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def process_status(pid: int, field: str) -> int:
    """A number of /proc/PID/status: VmRSS is the resident memory in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise KeyError(field)


class Program:
    """A child process whose output goes to a file. Start it again after `terminate` or `kill`."""

    running: list["Program"] = []  # what a failing test shows the logs of
    may_be_forked = False  # whether it is Python, and its start is not what anybody looks at (harness/forks.py)

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    def resident_kib(self) -> int:
        return process_status(self.pid, "VmRSS")

    def launch(self) -> None:
        assert self._process is None, f"{self.name} is running"
        with self.log.open("ab") as output:
            if self.may_be_forked:
                self._process = start_python(self._command[1:], self._environment, stdout=output, stderr=output)
            else:
                self._process = start_program(self._command, self._environment, stdout=output, stderr=output)
        Program.running.append(self)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, within: float = STOP_SECONDS) -> int:
        """Wait for its end and return the exit code; kills it and raises AssertionError if it does not end."""
        assert self._process is not None
        process, self._process = self._process, None
        Program.running.remove(self)
        try:
            return process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.name} did not end within {within:g} s") from None

    def terminate(self) -> int:
        self.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        if self._process is not None:
            self.send_signal(signal.SIGKILL)
            self.wait()

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self) -> str:
        return "\n".join(self.output().splitlines()[-TAIL_LINES:])


class Valkey(Program):
    """A Valkey on a port that stays the same over restarts."""

    def __init__(self, folder: Path) -> None:
        self.port = take_port()
        self.url = valkey.valkey_url(self.port)
        super().__init__("valkey", valkey.valkey_command(self.port), folder / "valkey.log", os.environ)

    def start(self) -> None:
        self.launch()
        wait_until("valkey answers", self._answers)

    def pause(self) -> None:
        """Stop it as a machine that hangs: its connections stay open and nothing answers."""
        self.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        assert self.is_alive(), f"valkey ended:\n{self.tail()}"
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
