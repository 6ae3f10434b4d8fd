"""What is measured, as processes pinned to one core: the bare server, this project, stock django-eventstream.

Everything else (the load, Valkey, the backstage) runs on the other core.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from harness.ports import take_port
from harness.programs import HOST, ROOT, Program, Valkey, process_status, wait_until
from harness.services import make_environment
from harness.sideways import PostgreSQL

ALL_CORES = os.sched_getaffinity(0)
SERVER_CORES = {min(ALL_CORES)}
LOAD_CORES = {max(ALL_CORES)}
START_SECONDS = 60.0
SETTLE_SECONDS = 10.0
LOOK_SECONDS = 0.2
CLOCK_OF_PROCESS = 2  # Linux's CPUCLOCK_SCHED, as clock_getcpuclockid(3) makes it
LINKED = b'"redis": "ok"'  # before that, what another program publishes is not seen
LISTEN_BACKLOG = 4096
# As in production, but so generous that nothing is refused: one agent writes what a thousand would.
RATE_LIMITS = "messages=1000000/minute,replies=1000000/minute"
IDLE_CONNECTION_SECONDS = 300  # as daphne, which closes none
BACKSTAGE = "import django; django.setup(); from bench.backstage import main; main()"


class Server(Program):
    """A server process, on the servers' core unless it is given others."""

    def __init__(
        self,
        name: str,
        port: int,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        cores: set[int] = SERVER_CORES,
        ready_mark: bytes = b"HTTP/1.1",
    ) -> None:
        self.ready_mark = ready_mark  # what an answer to GET /readyz contains once it may be measured
        self.port = port
        self._cores = cores
        super().__init__(name, [sys.executable, *command], folder / f"{name}-{port}.log", environment)

    def launch(self) -> None:
        super().launch()
        os.sched_setaffinity(self.pid, ALL_CORES)  # several that start at once do so faster

    def pin(self, cores: set[int]) -> None:
        """Move it, with all its threads, to other cores."""
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), cores)

    def wait_ready(self) -> None:
        """Wait until it answers, and put it on its own cores."""
        wait_until(f"{self.name} answers", self._answers, START_SECONDS)
        self.pin(self._cores)

    def settle(self) -> None:
        """Wait until it does nothing, so that what it had to do is not measured with what comes; 10 s at most."""
        deadline = time.monotonic() + SETTLE_SECONDS
        used = -1.0
        while self.cpu_seconds() - used > 0.05 * LOOK_SECONDS and time.monotonic() < deadline:
            used = self.cpu_seconds()
            time.sleep(LOOK_SECONDS)

    def _answers(self) -> bool:
        assert self.is_alive(), f"{self.name} ended:\n{self.tail()}"
        try:
            with socket.create_connection((HOST, self.port), timeout=5) as connection:
                connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return self.ready_mark in connection.makefile("rb").read()
        except OSError:
            return False

    # What it costs, from /proc

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far, in user and kernel mode; /proc would say it to 10 ms only."""
        return time.clock_gettime(~self.pid << 3 | CLOCK_OF_PROCESS)

    def threads(self) -> int:
        return process_status(self.pid, "Threads")

    def open_files(self, name: str) -> int:
        """How many file descriptors it has on files of this name, which is how many connections to that database."""
        count = 0
        for fd in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                count += os.readlink(fd).endswith(name)
        return count


class Backstage:
    """The process of bench/backstage.py. A call waits for its answer."""

    def __init__(self, environment: Mapping[str, str], cores: set[int] = LOAD_CORES) -> None:
        self._process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-c", BACKSTAGE],
            cwd=ROOT,
            env={**environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        os.sched_setaffinity(self._process.pid, cores)

    def call(self, do: str, **arguments: object) -> Any:
        self.begin(do, **arguments)
        return self.answer()

    def begin(self, do: str, **arguments: object) -> None:
        """Give it a command; `answer` waits for its end."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        stdin.flush()

    def stop(self) -> None:
        stdin: IO[str] | None = self._process.stdin
        assert stdin is not None
        stdin.close()
        self._process.wait()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the backstage process ended")
        return json.loads(line)


@dataclass(frozen=True, slots=True)
class Site:
    """A database and a Valkey of this run, and what runs on them."""

    folder: Path
    environment: Mapping[str, str]
    valkey: Valkey
    backstage: Backstage

    def service(self, name: str, under: str, cores: set[int] = SERVER_CORES) -> Server:
        """A service of the project under "daphne" (manage.py serve) or "uvicorn"; not started."""
        port = take_port()
        if under == "daphne":
            command = ["manage.py", "serve", name, "--port", str(port)]
        else:
            command = ["-m", "uvicorn", f"config.asgi:{name}", "--port", str(port), "--backlog", str(LISTEN_BACKLOG)]
            command += ["--no-access-log", "--log-level", "warning"]
            command += ["--timeout-keep-alive", str(IDLE_CONNECTION_SECONDS)]
        return Server(f"{name}-{under}", port, command, self.folder, self.environment, cores, LINKED)


def bare_server(folder: Path) -> Server:
    port = take_port()
    return Server("bare", port, ["-m", "bench.bare", str(port)], folder, os.environ)


def stock_server(folder: Path, database: Path | None = None) -> Server:
    """With a database it stores its events there."""
    port = take_port()
    endpoint = f"tcp:port={port}:interface={HOST}:backlog={LISTEN_BACKLOG}"
    command = ["-m", "daphne", "-v", "0", "-e", endpoint, "bench.stock:application"]
    return Server("stock", port, command, folder, stock_environment(database))


def plain_server(folder: Path, environment: Mapping[str, str]) -> Server:
    """The plain Django project of bench/reference."""
    port = take_port()
    endpoint = f"tcp:port={port}:interface={HOST}:backlog={LISTEN_BACKLOG}"
    command = ["-m", "daphne", "-v", "0", "-e", endpoint, "bench.reference.project:application"]
    return Server("plain", port, command, folder, environment)


def plain_environment(folder: Path, redis_url: str) -> dict[str, str]:
    chosen = {"DJANGO_SETTINGS_MODULE": "bench.reference.settings", "REDIS_URL": redis_url}
    return {**os.environ, **chosen, "REFERENCE_DATABASE": str(folder / "plain.sqlite3")}


def stock_environment(database: Path | None) -> dict[str, str]:
    chosen = {"DJANGO_SETTINGS_MODULE": "bench.stock_settings", "STOCK_DATABASE": str(database or "")}
    return {**os.environ, **chosen}


@contextlib.contextmanager
def run_postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL of this run on the core of the load, and nothing of it afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as name:
        Path(name).chmod(0o755)  # its owner is another user, who must get through
        folder = Path(name) / "cluster"
        folder.mkdir(mode=0o700)
        postgresql = PostgreSQL(folder)
        try:
            postgresql.start()
            yield postgresql
        finally:
            postgresql.stop()


@contextlib.contextmanager
def run_site(folder: Path, database_url: str = "") -> Iterator[Site]:
    """A migrated database (default: SQLite) with demo agents, a Valkey and a backstage process; gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    valkey = Valkey(folder)
    environment = make_environment(folder / "db.sqlite3", valkey.url)
    environment |= {"LOG_LEVEL": "WARNING", "RATE_LIMITS": RATE_LIMITS}
    if database_url:
        environment["DATABASE_URL"] = database_url
    valkey.start()
    try:
        backstage = Backstage(environment)
        try:
            backstage.call("prepare")
            yield Site(folder, environment, valkey, backstage)
        finally:
            backstage.stop()
    finally:
        valkey.kill()


@contextlib.contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Start these servers, and end them afterwards. If a measurement fails, show what they logged."""
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.wait_ready()
        yield
    except Exception:
        for server in servers:
            print(f"log of {server.name}:\n{server.tail()}", flush=True)
        raise
    finally:
        for server in servers:
            server.kill()
