"""`manage.py serve chatbot|workbench`: one service under daphne."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Run one service under daphne, with draining and background jobs."
    requires_system_checks = ()  # they read URLs: once it is known of which service

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("service", choices=sorted(settings.SERVICES))
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, help="port to listen on (default: the service's own)")
        parser.add_argument("--fd", type=int, help="inherited listening socket, instead of host and port")

    def handle(self, *args: Any, service: str, host: str, port: int | None, fd: int | None, **options: Any) -> None:
        from realtime.serving.daphne_server import DrainingServer, endpoint

        application, settings.ROOT_URLCONF, default_port = settings.SERVICES[service]
        self.check()
        server = DrainingServer(application, endpoint(host, port or default_port, fd))
        server.run()
        if server.listen_failure:
            raise CommandError(server.listen_failure)
