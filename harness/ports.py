"""Ports for the servers of tests and benchmarks, which several runs on one machine may take at once."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

from config.development.valkey import HOST

# Below Linux' range for outgoing connections (32768 up): one of those would take the port of a server that a test has
# stopped and is about to start again.
FIRST, LAST = 20_000, 31_999


def take_port() -> int:
    """A port on which nobody listens, and which no other process takes by this function until this one has ended."""
    folder = Path(tempfile.gettempdir()) / "handover-ports"
    folder.mkdir(exist_ok=True)
    for port in random.sample(range(FIRST, LAST + 1), LAST + 1 - FIRST):
        lock = os.open(folder / str(port), os.O_RDWR | os.O_CREAT, 0o666)
        if _is_ours(lock) and _is_free(port):
            return port  # an open file keeps its lock
        os.close(lock)
    raise RuntimeError(f"every port from {FIRST} to {LAST} is taken")


def _is_ours(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
