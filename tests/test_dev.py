"""`manage.py dev`, which `make run` calls: starts everything, keeps it running, leaves nothing behind."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config.development import supervisor
from harness.ports import take_port
from harness.programs import HOST, ROOT, START_SECONDS, Program, is_gone, wait_until
from harness.services import DEMO_PASSWORD, asked_whether_ready, fill_database, make_environment

ALWAYS_ENDING = [sys.executable, "-c", "print('hello'); raise SystemExit(3)"]
ENDLESS = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
DEAF_TO_SIGTERM = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()",
]


class Dev(Program):
    """`manage.py dev` on ports and a database of its own."""

    may_be_forked = True  # the libraries, and no more; its services start as ever

    def __init__(self, folder: Path, **environment: str) -> None:
        self.ports = {"chatbot": take_port(), "workbench": take_port()}
        self.database = folder / "db.sqlite3"
        variables = make_environment(self.database)
        variables.update({f"{name.upper()}_PORT": str(port) for name, port in self.ports.items()})
        variables.update(environment)
        self.environment = variables
        super().__init__("dev", [sys.executable, "manage.py", "dev"], folder / "dev.log", variables)

    def start(self) -> None:
        self.launch()
        self.wait_for_line("ready ", START_SECONDS)

    def wait_for_line(self, text: str, within: float = 20.0) -> str:
        """The first printed line that contains `text`."""
        wait_until(f"dev prints {text!r}:\n{self.tail()}", lambda: bool(self._lines_with(text)), within)
        return self._lines_with(text)[0]

    def run_to_end(self) -> tuple[int, str]:
        """Start it and return its exit code and what it printed."""
        self.launch()
        return self.wait(START_SECONDS), self.output()

    def children(self) -> dict[str, int]:
        """The pids of its children by name: chatbot, workbench, valkey."""
        found = {}
        for pid in pids_of_children(self.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            names = [name for name in ("chatbot", "workbench") if name.encode() in words]
            found[names[0] if names else "valkey"] = pid
        return found

    def _lines_with(self, text: str) -> list[str]:
        return [line for line in self.output().splitlines() if text in line]


def pids_of_children(parent: int) -> list[int]:
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for file in threads for pid in file.read_text().split()]


def is_ready(port: int) -> bool:
    return asked_whether_ready(port) == 200


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    """One that has been run before."""
    program = Dev(tmp_path)
    fill_database(program.database)
    yield program
    program.kill()


@pytest.fixture(scope="module")
def running_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    program = Dev(tmp_path_factory.mktemp("dev"), SAMPLE_DATA="on")
    program.may_be_forked = False
    try:
        program.start()
        yield program
    finally:
        program.kill()


def test_one_ready_line_names_both_urls(running_dev: Dev) -> None:
    line = running_dev.wait_for_line("ready ")
    assert re.findall(r"http://localhost:(\d+)/", line) == [str(port) for port in running_dev.ports.values()]


def test_it_says_what_it_does_before_that(running_dev: Dev) -> None:
    running_dev.wait_for_line("ready ")
    output = running_dev.output()
    phases = ["migrating the database\n", "making the demo data\n", "starting valkey, chatbot, workbench\n", "ready "]
    assert [output.count(phase) for phase in phases] == [1] * len(phases)
    assert sorted(phases, key=output.index) == phases


def test_both_services_answer_once_it_says_ready(running_dev: Dev) -> None:
    assert all(is_ready(port) for port in running_dev.ports.values())


def test_logins_are_printed(running_dev: Dev) -> None:
    assert "alice, bob or carol (supervisor)" in running_dev.wait_for_line(f"password {DEMO_PASSWORD}")


def test_sample_conversations_are_made_in_an_empty_database(running_dev: Dev) -> None:
    running_dev.wait_for_line("6 sample conversations were made")


@pytest.mark.parametrize("name", ["chatbot", "workbench", "valkey"])
def test_killed_child_is_started_again(running_dev: Dev, name: str) -> None:
    killed = running_dev.children()[name]
    os.kill(killed, signal.SIGKILL)
    running_dev.wait_for_line(f"{name} was ended by SIGKILL; it is started again in 0.5 s")
    wait_until("there is a new one", lambda: running_dev.children().get(name, killed) != killed)
    wait_until("both are ready", lambda: all(map(is_ready, running_dev.ports.values())), START_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_everything_and_nothing_else(running_dev: Dev, dev: Dev, number: signal.Signals) -> None:
    dev.start()
    children = dev.children()
    dev.send_signal(number)
    assert dev.wait() == 0
    assert set(children) == {"chatbot", "workbench", "valkey"}
    assert all(map(is_gone, children.values()))
    with closing(sqlite3.connect(dev.database, timeout=0)) as connection:
        connection.execute("BEGIN EXCLUSIVE")  # nobody holds a lock
    assert set(running_dev.children()) == {"chatbot", "workbench", "valkey"}
    assert all(map(is_ready, running_dev.ports.values()))


def test_killed_parent_leaves_no_orphan(dev: Dev) -> None:
    dev.start()
    children = dev.children()
    dev.kill()
    assert set(children) == {"chatbot", "workbench", "valkey"}
    wait_until("all children are gone", lambda: all(map(is_gone, children.values())))


def test_it_stops_when_a_killed_make_leaves_it_behind(dev: Dev) -> None:
    command = [sys.executable, "manage.py", "dev", "--stop-with-parent"]
    make = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({command})"],
        cwd=ROOT,
        env=dev.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert make.stdout is not None
    with make.stdout as lines:
        next(line for line in lines if "ready " in line)
        orphan = pids_of_children(make.pid)[0]
        make.kill()
        make.wait()
        assert "stopped\n" in lines.readlines()
    wait_until("it is gone", lambda: is_gone(orphan))


@pytest.fixture(scope="module")
def next_dev(running_dev: Dev, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """One on the database of another one, without its Redis."""
    same_database = running_dev.environment["DATABASE_URL"]
    redis = "redis://:hidden@127.0.0.1:1/0"
    dev = Dev(tmp_path_factory.mktemp("next"), DATABASE_URL=same_database, DEMO_PASSWORD="", REDIS_URL=redis)
    try:
        dev.start()
        yield dev
    finally:
        dev.kill()


def test_next_start_keeps_the_passwords(next_dev: Dev) -> None:
    assert "password unchanged" in next_dev.wait_for_line("alice, bob or carol (supervisor)")


def test_unreachable_redis_is_a_warning(next_dev: Dev) -> None:
    assert "warning: REDIS_URL does not answer (127.0.0.1:1" in next_dev.output()
    assert "hidden" not in next_dev.output()
    assert set(next_dev.children()) == {"chatbot", "workbench"}


@pytest.mark.parametrize("variable", ["CHATBOT_PORT", "WORKBENCH_PORT"])
def test_taken_port_is_one_line(dev: Dev, variable: str) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, int(dev.environment[variable])))
        taken.listen()
        code, output = dev.run_to_end()
    port = dev.environment[variable]
    assert (code, output) == (1, f"error: port {port} is in use; set {variable} to another port\n")


def test_same_port_twice_is_one_line(tmp_path: Path) -> None:
    dev = Dev(tmp_path, CHATBOT_PORT="9000", WORKBENCH_PORT="9000")
    assert dev.run_to_end() == (
        1,
        "error: CHATBOT_PORT and WORKBENCH_PORT are the same; set one to another port\n",
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://localhost/handover", "scheme 'mysql'"),
        ("sqlite:////nowhere/at/all/db.sqlite3", "unable to open database file"),
        ("postgres://nobody:hidden@127.0.0.1:1/handover", "cannot be used"),
    ],
)
def test_unusable_database_is_one_line(tmp_path: Path, url: str, reason: str) -> None:
    code, output = Dev(tmp_path, DATABASE_URL=url).run_to_end()
    assert code == 1
    assert re.fullmatch(r"(migrating the database\n)?error: .*DATABASE_URL.*\n", output), output
    assert reason in output
    assert "hidden" not in output


# A Python that makes a virtual environment, installs and runs the services, all in no time.
STUB_PYTHON = """#!/bin/sh
case "$*" in
    *"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python; touch .venv/bin/pip ;;
    *"-m pip install"*) cp "$0" .venv/bin/uv ;;
    *"manage.py dev"*) echo "the services run" ;;
esac
"""


def test_make_run_says_what_it_installs_and_nothing_the_next_time(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    python = tmp_path / "python"
    python.write_text(STUB_PYTHON)
    python.chmod(0o755)
    outputs = [
        subprocess.run(
            ["make", "run", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert outputs == [
        [
            f"making .venv with {python}",
            "installing uv, which installs the rest",
            "installing what requirements.txt names (a minute or less, once)",
            "the services run",
        ],
        ["the services run"],
    ]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_SECONDS", 0.04)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.2)


async def lines_until(command: list[str], enough: Callable[[list[str]], bool]) -> list[str]:
    """Run a program until what is said is enough, stop it, return all that was said."""
    lines: list[str] = []
    done = asyncio.Event()

    def say(line: str) -> None:
        lines.append(line)
        if enough(lines):
            done.set()

    child = supervisor.Child(supervisor.Program("program", command), say)
    child.start()
    try:
        async with asyncio.timeout(10):
            await done.wait()
    finally:
        await child.stop()
    return lines


def pauses(lines: list[str]) -> list[str]:
    return [line.rpartition(" in ")[2] for line in lines if "started again" in line]


@pytest.mark.usefixtures("quick")
async def test_pauses_double_up_to_the_longest() -> None:
    lines = await lines_until(ALWAYS_ENDING, lambda lines: len(pauses(lines)) == 5)
    assert pauses(lines)[:5] == ["0.01 s", "0.02 s", "0.04 s", "0.04 s", "0.04 s"]


@pytest.mark.usefixtures("quick")
async def test_pause_is_short_again_after_a_steady_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STEADY_SECONDS", 0.0)
    lines = await lines_until(ALWAYS_ENDING, lambda lines: len(pauses(lines)) == 3)
    assert pauses(lines)[:3] == ["0.01 s"] * 3


@pytest.mark.usefixtures("quick")
async def test_output_is_prefixed() -> None:
    lines = await lines_until(ALWAYS_ENDING, lambda lines: len(lines) == 2)
    assert lines[:2] == ["[program] hello", "program ended with exit code 3; it is started again in 0.01 s"]


@pytest.mark.usefixtures("quick")
async def test_missing_program_is_tried_again() -> None:
    lines = await lines_until(["/nowhere/program"], lambda lines: len(lines) == 2)
    assert all("cannot be started" in line for line in lines)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("command", [ENDLESS, DEAF_TO_SIGTERM], ids=["obedient", "deaf"])
async def test_stop_ends_the_process(command: list[str]) -> None:
    before = pids_of_children(os.getpid())
    lines = await lines_until(command, lambda lines: len(lines) == 1)
    assert lines == ["[program] up"]
    assert pids_of_children(os.getpid()) == before
