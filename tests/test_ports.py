"""Runs of tests beside one another take no port of each other."""

import random
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from harness import ports
from harness.programs import HOST, ROOT

TAKE_AND_WAIT = "import sys; from harness.ports import take_port; print(take_port(), flush=True); sys.stdin.read()"


def offer(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """From now on these are all the ports that there are, in this order."""
    monkeypatch.setattr(random, "sample", lambda *_: list(numbers))


def test_a_port_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = ports.take_port(), ports.FIRST - 1
    offer(monkeypatch, mine, other)
    assert ports.take_port() == other


def test_a_port_on_which_somebody_listens_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server((HOST, ports.FIRST - 2))):
        offer(monkeypatch, ports.FIRST - 2, ports.FIRST - 3)
        assert ports.take_port() == ports.FIRST - 3


def test_a_port_of_another_process_is_passed_over_while_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TAKE_AND_WAIT], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        theirs = int(process.stdout.readline())
        offer(monkeypatch, theirs)
        with pytest.raises(RuntimeError, match="is taken"):
            ports.take_port()
    assert ports.take_port() == theirs
