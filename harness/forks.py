"""Start a Python program as a fork of a process that has imported the libraries: a quarter of the time.

A start of a service takes 1.15 s, a fork 0.3 s. Tests turn this on (`using_forks`), except where the start itself is
what they test (`Program.may_be_forked`); benchmarks start every program as an operator does.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from config.development.supervisor import prepare_death_with_parent
from harness.fork_server import MESSAGE_BYTES

ROOT = Path(__file__).resolve().parent.parent


class Process(Protocol):
    """What callers use of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


class ForkServer:
    """The process that forks, started when first asked. However this one ends, it ends too, and all forks with it."""

    def __init__(self) -> None:
        self._connection, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[IO[bytes]]) -> "Fork":
        """Start `python *arguments` in the project's folder, in a session of its own, with these standard streams."""
        program = {"arguments": list(arguments), "folder": str(ROOT), "environment": dict(environment)}
        return Fork(self, self._ask({"start": program}, [stream.fileno() for stream in streams]))

    def code_of(self, pid: int) -> int:
        """Reap a fork that has ended."""
        return self._ask({"ended": pid})

    def _ask(self, request: object, streams: Sequence[int] = ()) -> int:
        with self._turn:
            if self._process is None:
                self._process = self._launch()
            socket.send_fds(self._connection, [json.dumps(request).encode()], streams)
            answer = self._connection.recv(MESSAGE_BYTES)
        assert answer, "the process that forks has ended"
        return int(answer)

    def _launch(self) -> subprocess.Popen[bytes]:
        with self._theirs as theirs:
            return subprocess.Popen(
                [sys.executable, "-m", "harness.fork_server", str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def close(self) -> None:
        """End it, and with it every fork that still runs."""
        self._connection.close()
        self._theirs.close()
        if self._process is not None:
            self._process.wait()


class Fork:
    """A forked program. Its pid is its own until its end was seen here."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self.pid = pid
        self._server = server
        self._descriptor = os.pidfd_open(pid)  # readable when the program has ended
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code as of `subprocess`, or None while it runs."""
        return self._code_within(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._code_within(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout or 0)
        return code

    def kill(self) -> None:
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)

    def _code_within(self, seconds: float | None) -> int | None:
        if self._code is None and self._has_ended(seconds):
            self._code = self._server.code_of(self.pid)
            os.close(self._descriptor)
        return self._code

    def _has_ended(self, seconds: float | None) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1_000))


_used: list[ForkServer] = []  # the last one forks; none outside of `using_forks`


@contextlib.contextmanager
def using_forks() -> Iterator[None]:
    """Until its end, programs that may be forked are. Linux only; elsewhere all programs start as ever."""
    if sys.platform != "linux":
        yield
        return
    server = ForkServer()
    _used.append(server)
    try:
        yield
    finally:
        _used.remove(server)
        server.close()


def start_python(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> Process:
    """Start `python *arguments`, as a fork where they are used. It dies with this process, whatever ends this."""
    if not _used:
        return start_program([sys.executable, *arguments], environment, stdin=stdin, stdout=stdout, stderr=stderr)
    with open(os.devnull, "rb") as nothing:
        return _used[-1].start(arguments, environment, [stdin or nothing, stdout, stderr])


def start_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> Process:
    """Start a program that dies with the thread that calls this."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=prepare_death_with_parent(),
    )


def open_pipe() -> tuple[IO[bytes], IO[bytes]]:
    """What reads and what writes."""
    reads, writes = os.pipe()
    return open(reads, "rb"), open(writes, "wb")
