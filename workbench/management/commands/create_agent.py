"""`manage.py create_agent`: somebody begins to work here."""

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workbench.actions.create_agent import CannotCreate, check_username, create_agent


class Command(BaseCommand):
    help = "Create an agent. The password is AGENT_PASSWORD, else it is asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="fixed from then on")
        parser.add_argument("--name", default="", help="what customers and colleagues read")
        parser.add_argument("--supervisor", action="store_true")
        parser.add_argument("--team", action="append", default=[], help="the name of a team; may be given again")
        parser.add_argument("--capacity", type=int, help="conversations at once")

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"]
        try:
            check_username(username)
            create_agent(
                username=username,
                password=_read_password(),
                name=options["name"],
                is_supervisor=options["supervisor"],
                teams=options["team"],
                capacity=options["capacity"],
            )
        except CannotCreate as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"created the agent {username}")


def _read_password() -> str:
    if password := os.environ.get("AGENT_PASSWORD"):
        return password
    if not sys.stdin.isatty():
        raise CommandError("Set AGENT_PASSWORD: there is no terminal to ask for the password.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Password again: ") != password:
        raise CommandError("The two passwords differ; nothing was changed.")
    return password
