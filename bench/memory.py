"""`python -m bench.memory`: the memory of each service at rest and with 1,000 open streams, and of the Valkey.

Resident memory (VmRSS) under daphne over SQLite, in half a minute; README.md names these figures.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.servers import LOAD_CORES, Server, run_site, running
from bench.streams import Streams
from bench.wire import get_stream, session_stream

STREAMS = 1_000
WARM_UP = 10
SETTLE_SECONDS = 2.0


def main() -> None:
    os.sched_setaffinity(0, LOAD_CORES)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, run_site(Path(folder) / "site") as site:
        names = [f"s-{number}" for number in range(STREAMS)]
        site.backstage.call("create_sessions", names=names)
        logins = site.backstage.call("log_in", usernames=[f"agent-{number}" for number in range(STREAMS)])
        wanted = {
            "chatbot": [session_stream(name) for name in names],
            "workbench": [get_stream("/api/agent/events", f"Cookie: sessionid={key}") for key in logins],
        }
        for service, requests in wanted.items():
            server = site.service(service, "daphne")
            with running(server):
                print(f"{service:<10} {_describe(*_measure(server, requests))}")
        print(f"{'valkey':<10} {_mib(site.valkey.resident_kib())} MiB")


def _measure(server: Server, requests: Sequence[bytes]) -> tuple[int, int]:
    """KiB of a server that has answered a few streams and is idle, and with all of them open."""
    streams = Streams(server.port)
    streams.open(requests[:WARM_UP])
    streams.close()
    streams.read_for(SETTLE_SECONDS)
    server.settle()
    at_rest = server.resident_kib()
    streams.open(requests)
    streams.read_for(SETTLE_SECONDS)
    server.settle()
    with_streams = server.resident_kib()
    streams.close()
    return at_rest, with_streams


def _describe(at_rest: int, with_streams: int) -> str:
    return f"{_mib(at_rest)} MiB at rest, {_mib(with_streams)} MiB with {STREAMS:,} streams"


def _mib(kib: int) -> str:
    return f"{kib / 1024:.0f}"


if __name__ == "__main__":
    main()
