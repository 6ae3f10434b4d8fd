"""`manage.py dev`: both services, and a Valkey of their own if REDIS_URL is unset, on one machine."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, call_command
from django.db import DatabaseError, connection

from workbench.management import valkey
from workbench.management.commands.create_demo import create_demo
from workbench.management.readiness import service_is_ready, valkey_is_ready, wait_until_ready
from workbench.management.supervisor import Child, Program, stop_with_parent

HOST = "127.0.0.1"
PORT_VARIABLES = {"chatbot": "CHATBOT_PORT", "workbench": "WORKBENCH_PORT"}
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotStartError(Exception):
    """Its text is the one line that the user sees."""


class Command(BaseCommand):
    help = "Run both services, with demo data, until Ctrl-C. Starts a Valkey if REDIS_URL is unset."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--stop-with-parent",
            action="store_true",
            help="stop, too, when the process that started this one is killed (`make run` asks for it)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the event loop takes the signals
        if options["stop_with_parent"]:
            stop_with_parent()
        try:
            run()
        except CannotStartError as error:
            sys.exit(f"error: {error}")
        except KeyboardInterrupt:
            say("stopped")


def run() -> None:
    """Prepare the database and run everything until a signal.

    Raises CannotStartError before anything is started, KeyboardInterrupt for a signal during preparation.
    """
    ports = {service: port for service, (_, port) in settings.SERVICES.items()}
    check_ports(ports)
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    embedded_port = None if redis_is_given() else valkey.find_free_port()
    if embedded_port:
        environment["REDIS_URL"] = valkey.valkey_url(embedded_port)
    logins = prepare_database()
    development = Development(ports, embedded_port, environment)
    asyncio.run(development.run(f"{ready_line(ports)}\n{logins}"))


class Development:
    """The running programs. Valkey answers before the services start, and stops after them."""

    def __init__(
        self, ports: Mapping[str, int], embedded_port: int | None, environment: Mapping[str, str]
    ) -> None:
        self._ports = ports
        self._embedded_port = embedded_port
        self._services = {
            service: Child(Program(service, child_command(service, port), environment), say)
            for service, port in ports.items()
        }
        self._valkey = Child(valkey_program(embedded_port), say) if embedded_port else None
        self._signalled = asyncio.Event()

    async def run(self, greeting: str) -> None:
        """Start everything, print the greeting, wait for a signal, stop everything. A second signal kills."""
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        signalled = asyncio.create_task(self._signalled.wait())
        startup = asyncio.create_task(self._start(greeting))
        try:
            await asyncio.wait({signalled, startup}, return_when=asyncio.FIRST_COMPLETED)
            if startup.done():
                startup.result()
            await signalled
        finally:
            startup.cancel()
            await asyncio.wait({startup})
            await self._stop()

    async def _start(self, greeting: str) -> None:
        say(f"starting {', '.join(['valkey'] * bool(self._valkey) + list(self._services))}")
        if self._valkey and self._embedded_port:
            self._valkey.start()
            await wait_until_ready("valkey", valkey_is_ready, self._embedded_port, say)
        for child in self._services.values():
            child.start()
        await asyncio.gather(
            *(wait_until_ready(service, service_is_ready, port, say) for service, port in self._ports.items())
        )
        say(greeting)

    async def _stop(self) -> None:
        await asyncio.gather(*(child.stop() for child in self._services.values()))
        if self._valkey:
            await self._valkey.stop()
        say("stopped")

    def _on_signal(self) -> None:
        if not self._signalled.is_set():
            say("stopping; a second Ctrl-C stops at once")
            self._signalled.set()
            return
        for child in (*self._services.values(), self._valkey):
            if child:
                child.kill()


def child_command(service: str, port: int) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "serve", service, "--port", str(port)]


def valkey_program(port: int) -> Program:
    return Program("valkey", valkey.valkey_command(port), ignored_output=valkey.USUAL_OUTPUT)


def check_ports(ports: Mapping[str, int]) -> None:
    """Raise CannotStartError unless both services can listen."""
    if len(set(ports.values())) < len(ports):
        raise CannotStartError(f"{' and '.join(PORT_VARIABLES.values())} are the same; set one to another port")
    for service, port in ports.items():
        variable = PORT_VARIABLES[service]
        if not 0 < port < 65536:
            raise CannotStartError(f"{variable} is {port}; a port is a number from 1 to 65535")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise CannotStartError(f"port {port} {reason}; set {variable} to another port") from None


def redis_is_given() -> bool:
    """Whether REDIS_URL is set; warns if nothing answers there, since the services work without it."""
    layer: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    hosts = layer["CONFIG"]["hosts"]
    for silent in valkey.find_silent_hosts(hosts):
        say(f"warning: REDIS_URL does not answer ({silent}); degraded: events go through the database alone")
    return bool(hosts)


def prepare_database() -> str:
    """Migrate, create the demo data, and return how to log in. Raises CannotStartError for an unusable database."""
    connection.settings_dict["OPTIONS"].pop("pool", None)  # a pool tries for long, and logs each failure
    try:
        say("migrating the database")
        call_command("migrate", interactive=False, verbosity=0)
        say("making the demo data")
        return create_demo(os.environ.get("DEMO_PASSWORD") or None)
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0]
        raise CannotStartError(f"the database of DATABASE_URL cannot be used: {reason}") from None
    finally:
        connection.close()  # the services have connections of their own


def ready_line(ports: Mapping[str, int]) -> str:
    return "ready  " + "  ".join(f"{service} http://localhost:{port}/" for service, port in ports.items())


def say(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads any more: that is no reason to stop
        print(line, flush=True)
