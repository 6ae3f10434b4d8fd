"""A fork is what a start of its own would have been: with everything of its own, and mortal."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

from harness.forks import ROOT, ForkServer, Process
from harness.programs import is_gone, wait_until

END_SECONDS = 60.0
OURS = (
    "realtime",
    "chatbot",
    "workbench",
    "config.settings",
    "config.asgi",
    "daphne.server",
    "twisted.internet.reactor",
)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "program.py"


def run(server: ForkServer, *arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int, str]:
    """The exit code, and what it printed to either stream."""
    with tempfile.TemporaryFile() as read, tempfile.TemporaryFile() as output:
        read.write(stdin)
        read.seek(0)
        code = server.start(arguments, environment, [read, output, output]).wait(END_SECONDS)
        output.seek(0)
        return code, output.read().decode()


def sleep(server: ForkServer, program: Path) -> Process:
    program.write_text("import time; time.sleep(1_000)")
    with tempfile.TemporaryFile() as nothing:
        return server.start([str(program)], {}, [nothing, nothing, nothing])


def test_arguments_environment_and_streams_are_its_own(server: ForkServer, program: Path) -> None:
    program.write_text("import os, sys; print(sys.argv[1:], dict(os.environ), sys.stdin.read(), __name__)")
    expected = "['one', 'two'] {'A': 'b'} read __main__\n"
    assert run(server, str(program), "one", "two", stdin=b"read", A="b") == (0, expected)


def test_a_module_is_run_as_python_does(server: ForkServer) -> None:
    assert run(server, "-m", "django", "version") == (0, f"{django.get_version()}\n")


@pytest.mark.parametrize(
    ("ending", "expected"), [("raise SystemExit(3)", 3), ("assert False", 1), ("import os; os.abort()", -6), ("", 0)]
)
def test_it_ends_as_python_does(server: ForkServer, program: Path, ending: str, expected: int) -> None:
    program.write_text(ending)
    assert run(server, str(program))[0] == expected


def test_nothing_of_the_product_was_imported_before(server: ForkServer, program: Path) -> None:
    program.write_text(f"import sys; print([name for name in {OURS} if name in sys.modules])")
    assert run(server, str(program)) == (0, "[]\n")


def test_a_signal_ends_it_and_is_told(server: ForkServer, program: Path) -> None:
    fork = sleep(server, program)
    assert fork.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        fork.wait(0.01)
    fork.kill()
    assert fork.wait(END_SECONDS) == -signal.SIGKILL
    assert fork.poll() == -signal.SIGKILL
    assert is_gone(fork.pid)


def test_it_dies_with_the_process_that_asked_for_it(program: Path) -> None:
    program.write_text("import time; time.sleep(1_000)")
    asking = f"""
from harness.forks import start_python, using_forks
with using_forks(), open("/dev/null", "r+b") as nothing:
    print(start_python([{str(program)!r}], {{}}, stdout=nothing, stderr=nothing).pid, flush=True)
    import signal; signal.pause()
"""
    asker = subprocess.Popen([sys.executable, "-c", asking], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert asker.stdout is not None
    with asker.stdout as output:
        fork = int(output.readline())
        assert not is_gone(fork)
        asker.kill()
        asker.wait()
    wait_until("the fork is gone", lambda: is_gone(fork), END_SECONDS)
