"""The product as separate processes: a real Valkey and both services on free ports, over a database of their own."""

import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.databases import copy_filled
from harness.forks import start_python
from harness.ports import take_port
from harness.programs import HOST, START_SECONDS, Program, Valkey, wait_until

DEMO_PASSWORD = "correct-horse-battery"


class Service(Program):
    """`manage.py serve <name>` on a port that stays the same over restarts."""

    may_be_forked = True

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.port = take_port()
        self.url = f"http://{HOST}:{self.port}"
        command = [sys.executable, "manage.py", "serve", name, "--port", str(self.port)]
        super().__init__(name, command, folder / f"{name}.log", environment)

    def start(self) -> None:
        self.launch()
        self.wait_ready()

    def wait_ready(self) -> None:
        wait_until(f"{self.name} is ready", self._is_ready, START_SECONDS)

    def _is_ready(self) -> bool:
        assert self.is_alive(), f"{self.name} ended:\n{self.tail()}"
        status = asked_whether_ready(self.port)
        assert status in (None, 200, 503), f"{self.name}: /readyz answers {status}"
        return status == 200


def asked_whether_ready(port: int) -> int | None:
    """The status with which GET /readyz is answered, None if it is not: some fifty times while a service starts."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(f"GET /readyz HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
            words = connection.recv(64).split(b" ", 2)
    except OSError:
        return None
    return int(words[1]) if len(words) == 3 else None


@dataclass
class Product:
    """Both services on one database and one Valkey."""

    folder: Path
    valkey: Valkey
    chatbot: Service
    workbench: Service
    database: Path

    @property
    def services(self) -> tuple[Service, Service]:
        return self.chatbot, self.workbench

    def start_missing(self) -> None:
        """Start what a test has ended."""
        if not self.valkey.is_alive():
            self.valkey.start()
        missing = [service for service in self.services if not service.is_alive()]
        for service in missing:
            service.launch()
        for service in missing:
            service.wait_ready()


@contextlib.contextmanager
def run_product(folder: Path) -> Iterator[Product]:
    """A product with demo agents and answers, in files of its own under `folder`; everything is gone afterwards."""
    server = Valkey(folder)
    database = folder / "db.sqlite3"
    environment = make_environment(database, server.url)
    product = Product(
        folder,
        server,
        Service("chatbot", folder, environment),
        Service("workbench", folder, environment),
        database,
    )
    with serving(product):
        yield product


@contextlib.contextmanager
def serving(product: Product) -> Iterator[None]:
    """Fill the product's database and start all of it; everything is gone afterwards."""
    try:
        fill_database(product.database)
        product.start_missing()
        yield
    finally:
        for program in (*product.services, product.valkey):
            program.kill()


def fill_database(database: Path) -> None:
    """Make a SQLite database with demo agents and answers: a copy of one that is migrated once for all tests."""
    copy_filled(database, _fill)


def _fill(database: Path) -> None:
    environment = make_environment(database)
    run_command("migrate", "--verbosity=0", environment=environment)
    run_command("create_demo", environment=environment)


def make_environment(database: Path, redis_url: str = "") -> dict[str, str]:
    """The environment of a process of the product; it overrides whatever a developer's .env says."""
    return {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{database}",
        "ATTACHMENT_FOLDER": str(database.parent / "attachments"),
        "REDIS_URL": redis_url,
        "DEMO_PASSWORD": DEMO_PASSWORD,
        "RATE_LIMITS": "off",
        "STREAM_LIMITS": "off",
        "SAMPLE_DATA": "off",
        "BOT_ENCODER": "off",  # an encoder takes a second and 200 MB to start
        "PYTHONUNBUFFERED": "1",
    }


def run_command(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run a management command to its end and return its output; AssertionError if it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        command = start_python(["manage.py", *arguments], environment, stdout=output, stderr=errors)
        try:
            code = command.wait(START_SECONDS)
        finally:
            command.kill()
        printed, complaints = (_read(file) for file in (output, errors))
    assert code == 0, f"{arguments} failed:\n{printed}{complaints}"
    return printed


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
