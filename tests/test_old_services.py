"""Services that used in-memory queues, as processes of their own: what one sends the other gets, once, in order."""

import contextlib
import json
import select
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from harness.forks import open_pipe, start_python
from harness.programs import Valkey, process_status
from harness.services import fill_database, make_environment

WITHIN_SECONDS = 60.0
LONG = 12_000  # more than any buffer on the way holds
QUEUES = 1_000
MAX_GROWTH_KIB = 12 * 1024  # of 24 MB that are sent

_names = count()


class OldService:
    """One of tests/old_service.py."""

    def __init__(self, part: str, environment: dict[str, str], errors: Path) -> None:
        self._errors = errors
        theirs_in, self._input = open_pipe()
        self._output, theirs_out = open_pipe()
        with theirs_in, theirs_out, errors.open("ab") as output:
            self._process = start_python(
                ["-m", "tests.old_service", part], environment, stdin=theirs_in, stdout=theirs_out, stderr=output
            )

    def tell(self, *words: object) -> None:
        self._input.write(" ".join(map(str, words)).encode() + b"\n")
        self._input.flush()

    def answer(self) -> Any:
        readable, _, _ = select.select([self._output], [], [], WITHIN_SECONDS)
        line = self._output.readline() if readable else b""
        assert line, f"no answer:\n{self._errors.read_text()}"
        return json.loads(line)

    def ask(self, *words: object) -> Any:
        self.tell(*words)
        return self.answer()

    def resident_kib(self) -> int:
        return process_status(self._process.pid, "VmRSS")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._input.close()
        self._output.close()


@pytest.fixture(scope="module")
def shared_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()


@pytest.fixture
def valkey(shared_valkey: Valkey) -> Valkey:
    if not shared_valkey.is_alive():
        shared_valkey.start()
    return shared_valkey


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, shared_valkey: Valkey) -> dict[str, str]:
    database = tmp_path_factory.mktemp("database") / "db.sqlite3"
    fill_database(database)
    return make_environment(database, shared_valkey.url)


Start = Callable[[str], OldService]


@contextlib.contextmanager
def started(environment: dict[str, str], folder: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as services:

        def start(part: str) -> OldService:
            service = OldService(part, environment, folder / f"{part}.log")
            services.callback(service.stop)
            return service

        yield start


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    with started(environment, tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def sender(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldService]:
    with started(environment, tmp_path_factory.mktemp("sender")) as start:
        yield start("send")


@pytest.fixture
def target() -> str:
    return f"s-{next(_names)}"


@pytest.fixture(scope="module", params=["get", "subscribe"])
def shared_reader(
    request: pytest.FixtureRequest, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OldService]:
    """One that reads either way."""
    with started(environment, tmp_path_factory.mktemp("reader")) as start:
        yield start(request.param)


@pytest.fixture
def reader(shared_reader: OldService, valkey: Valkey, target: str) -> OldService:
    """One that has begun with the target."""
    assert shared_reader.ask(target) == "ready"
    return shared_reader


@pytest.fixture(params=["get", "subscribe"])
def new_reader(request: pytest.FixtureRequest, valkey: Valkey, start: Start, target: str) -> OldService:
    """The same in a process of its own, whose memory says what it keeps."""
    reader = start(request.param)
    assert reader.ask(target) == "ready"
    return reader


def test_all_arrive_while_it_waits(reader: OldService, sender: OldService, target: str) -> None:
    reader.tell(20)
    assert sender.ask("one", 0, 20, target) == "sent"
    assert reader.answer() == [list(range(20))]


def test_all_arrive_when_it_looks_now_and_then(reader: OldService, sender: OldService, target: str) -> None:
    got = []
    for first in range(0, 20, 4):
        reader.tell(1)
        sender.ask("one", first, first + 4, target)
        got += reader.answer()[0] + reader.ask(3)[0]
    assert got == list(range(20))


def test_all_arrive_without_redis(valkey: Valkey, reader: OldService, sender: OldService, target: str) -> None:
    valkey.kill()
    reader.tell(20)
    sender.ask("one", 0, 20, target)
    assert reader.answer() == [list(range(20))]


def test_all_arrive_when_redis_is_killed_in_the_middle(
    valkey: Valkey, reader: OldService, sender: OldService, target: str
) -> None:
    reader.tell(10)
    sender.ask("one", 0, 10, target)
    assert reader.answer() == [list(range(10))]
    reader.tell(20)
    sender.tell("one", 10, 30, target)
    valkey.kill()
    assert sender.answer() == "sent"
    assert reader.answer() == [list(range(10, 30))]


@pytest.fixture(params=["redis is up", "redis is just back"])
def redis(request: pytest.FixtureRequest, valkey: Valkey, sender: OldService, target: str) -> None:
    """If just back, the sender's copies come late: then many at once are compared with the log."""
    if request.param == "redis is just back":
        valkey.kill()
        sender.ask("one", 0, 1, f"{target}-other")
        valkey.start()


def test_who_pauses_for_long_misses_nothing(
    redis: None, new_reader: OldService, sender: OldService, target: str
) -> None:
    new_reader.tell(1)
    sender.ask("one", 0, 1, target)
    assert new_reader.answer() == [[0]]
    before = new_reader.resident_kib()
    assert sender.ask("flood", 1, LONG, target) == "sent"
    assert new_reader.resident_kib() - before < MAX_GROWTH_KIB
    assert new_reader.ask(LONG - 1) == [list(range(1, LONG))]


def test_a_thousand_queues_that_wait_for_their_reader(
    valkey: Valkey, start: Start, sender: OldService, target: str
) -> None:
    targets = [f"{target}-{number}" for number in range(QUEUES)]
    reader = start("get")
    assert reader.ask(*targets) == "ready"
    before = reader.resident_kib()
    assert sender.ask("flood", 0, 20, *targets) == "sent"
    assert reader.resident_kib() - before < MAX_GROWTH_KIB
    assert reader.ask(20) == [list(range(20))] * QUEUES
