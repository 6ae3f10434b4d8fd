"""`manage.py create_demo`: demo agents to log in with, and demo answers for the bot, reasons to be away."""

import os
import secrets
from typing import Any

from django.core.management import BaseCommand

from chatbot.knowledge.sample import load_demo_answers
from workbench.demo.agents import AGENTS, SUPERVISOR, all_exist, create_demo_agents
from workbench.demo.reasons import create_demo_reasons

PASSWORD_BYTES = 9


class Command(BaseCommand):
    help = "Create the demo agents and the bot's demo answers. DEMO_PASSWORD is the password of the demo agents."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(create_demo(os.environ.get("DEMO_PASSWORD") or None))


def create_demo(password: str | None) -> str:
    """Create what is missing of the demo data and return a line that says how to log in.

    `password` becomes the password of all demo agents. Without one they keep theirs, or, if one of them is missing, get
    a random one.
    """
    load_demo_answers()
    create_demo_reasons()
    if password is None and all_exist():
        shown = "unchanged; set DEMO_PASSWORD for another one"
    else:
        shown = password or secrets.token_urlsafe(PASSWORD_BYTES)
        create_demo_agents(shown)
    return f"log in to the workbench as {', '.join(AGENTS)} or {SUPERVISOR[0]} (supervisor), password {shown}"
