"""`manage.py dev`: both services, and a Valkey of their own if REDIS_URL is unset, on one machine."""

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

from config import env
from config.development import valkey
from config.development.run import Listening, Plan, become, say
from config.development.supervisor import Program, stop_with_parent
from config.management.commands.create_demo import create_demo
from workbench.demo.seed import make_samples

HOST = "127.0.0.1"
PORT_VARIABLES = {"chatbot": "CHATBOT_PORT", "workbench": "WORKBENCH_PORT"}


class CannotStartError(Exception):
    """Its text is the one line that the user sees."""


class Command(BaseCommand):
    help = "Run both services, with demo data, until Ctrl-C. Starts a Valkey if REDIS_URL is unset."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host",
            default=HOST,
            help="address on which both services listen (default: %(default)s; in a container 0.0.0.0)",
        )
        parser.add_argument(
            "--stop-with-parent",
            action="store_true",
            help="stop, too, when the process that started this one is killed (`make run` asks for it)",
        )

    def handle(self, *args: Any, host: str, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the event loop takes the signals
        if options["stop_with_parent"]:
            stop_with_parent()
        try:
            run(host)
        except CannotStartError as error:
            sys.exit(f"error: {error}")
        except KeyboardInterrupt:
            say("stopped")


def run(host: str = HOST) -> None:
    """Prepare the database, then become the process that runs everything until a signal (config/development/run.py).

    Raises CannotStartError before anything is started, KeyboardInterrupt for a signal during preparation.
    """
    ports = {service: port for service, (_, _, port) in settings.SERVICES.items()}
    check_ports(ports, host)
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    embedded_port = None if redis_is_given() else valkey.find_free_port()
    if embedded_port:
        environment["REDIS_URL"] = valkey.valkey_url(embedded_port)
    greeting = prepare_database()
    services = [Listening(child_program(service, host, port), port) for service, port in ports.items()]
    embedded = Listening(valkey_program(embedded_port), embedded_port) if embedded_port else None
    become(Plan(services, embedded, greeting), environment)


def child_program(service: str, host: str, port: int) -> Program:
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    return Program(service, [*manage, "serve", service, "--host", host, "--port", str(port)])


def valkey_program(port: int) -> Program:
    return Program("valkey", valkey.valkey_command(port), ignored_output=valkey.USUAL_OUTPUT)


def check_ports(ports: Mapping[str, int], host: str = HOST) -> None:
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
                probe.bind((host, port))
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


def sample_line() -> str:
    """Make sample conversations in an empty database, unless SAMPLE_DATA is off; what the greeting says of it."""
    count = make_samples() if env.flag("SAMPLE_DATA", default=True) else 0
    return f"\n{count} sample conversations were made; `manage.py seed_demo --remove` takes them away" if count else ""


def prepare_database() -> str:
    """Migrate, create the demo data, and return how to log in. Raises CannotStartError for an unusable database."""
    connection.settings_dict["OPTIONS"].pop("pool", None)  # a pool tries for long, and logs each failure
    try:
        say("migrating the database")
        call_command("migrate", interactive=False, verbosity=0)
        say("making the demo data")
        return create_demo(os.environ.get("DEMO_PASSWORD") or None) + sample_line()
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0]
        raise CannotStartError(f"the database of DATABASE_URL cannot be used: {reason}") from None
    finally:
        connection.close()  # the services have connections of their own
