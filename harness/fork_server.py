"""`python -m harness.fork_server FD`: has imported the libraries, and forks a process for each program asked for.

Spoken to by `harness/forks.py` over the socket FD. No application is imported before a fork, nor a library that reads
settings or opens anything when it is imported: a program finds what it would find after a start of its own.
"""

import gc
import importlib
import json
import os
import runpy
import socket
import sys
from dataclasses import dataclass

from config.development.supervisor import prepare_death_with_parent

MESSAGE_BYTES = 128 * 1024  # a command and its environment
STANDARD_STREAMS = 3
# What takes the time of a start; each brings in what it needs. Not daphne.server: it makes the reactor, and with it an
# epoll that all programs would share.
LIBRARIES = [
    *("autobahn.twisted.websocket", "channels.routing", "channels_redis.pubsub", "cryptography.x509", "csp.middleware"),
    *("daphne.http_protocol", "daphne.ws_protocol", "django.contrib.admin.options", "django.contrib.auth.hashers"),
    *(
        "django.contrib.staticfiles.finders",
        "django.core.handlers.asgi",
        "django.core.management",
        "django.db.migrations",
    ),
    *("django.db.backends.sqlite3.base", "django.test.client", "django.views.static", "environ", "gripcontrol"),
    *("django.core.management.commands.migrate", "django.middleware.gzip", "httpx"),
    *("httptools", "jwt", "limits.aio", "multipart", "prometheus_client", "psycopg", "pydantic.dataclasses"),
    *("pydantic.networks", "pydantic.types", "redis.asyncio", "sqlparse", "twisted.internet.asyncioreactor"),
    *("twisted.internet.endpoints", "twisted.internet.ssl", "twisted.web.http", "uvicorn.main", "uvloop"),
    *("whitenoise.base",),
]


@dataclass
class Program:
    """What a fork becomes: `arguments` are those after `python`."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]


def serve(connection: socket.socket) -> Program | None:
    """Answer requests. Returns in each fork, with the program that it is; None when nobody will ask any more.

    A request is `{"start": …}` with the three standard streams, answered by the pid, or `{"ended": PID}` of one that
    has ended, answered by its exit code as of `subprocess`.
    """
    while True:
        data, streams, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, STANDARD_STREAMS)
        if not data:
            return None
        request = json.loads(data)
        if "ended" in request:
            _, status = os.waitpid(request["ended"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            prepare = prepare_death_with_parent()
            answer = os.fork()
            if answer == 0:
                if prepare is not None:
                    prepare()
                connection.close()
                take_streams(streams)
                return Program(**request["start"])
            for stream in streams:
                os.close(stream)
        connection.sendall(json.dumps(answer).encode())


def take_streams(streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)


def become(program: Program) -> None:
    """Run the program as `python` would have; never returns if it ends by SystemExit."""
    os.setsid()
    os.chdir(program.folder)
    os.environ.clear()
    os.environ.update(program.environment)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    first, *rest = program.arguments
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program.arguments
        runpy.run_path(first, run_name="__main__")


def main(descriptor: int) -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # no collection of a fork copies what it shares with the others
    program = serve(socket.socket(fileno=descriptor))
    if program is not None:
        become(program)


if __name__ == "__main__":
    main(int(sys.argv[1]))
