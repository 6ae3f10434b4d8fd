"""Which bot answers the sessions of a team."""

import os
import subprocess
import sys
from typing import Any

import pytest

from chatbot.bot.engine.choice import EMBEDDED, engine_of
from chatbot.bot.engine.outside.endpoint import endpoint_of
from chatbot.bot.engine.outside.engine import OutsideEngine
from chatbot.conversations.teams import default_team
from chatbot.models import BotEngine, EngineKind, Team

pytestmark = pytest.mark.django_db


def bot(**fields: Any) -> BotEngine:
    return BotEngine.objects.create(**{"name": "Sales bot", "base_url": "http://localhost:1/v1/", **fields})


def test_without_any_the_one_that_is_built_in_answers() -> None:
    assert engine_of(None) is EMBEDDED
    assert engine_of(Team.objects.create(name="Sales").pk) is EMBEDDED


def test_a_team_has_its_own() -> None:
    row = bot()
    sales = Team.objects.create(name="Sales", engine=row)
    chosen = engine_of(sales.pk)
    assert chosen.row_id == row.pk
    assert chosen.engine == OutsideEngine(endpoint_of(row))
    assert engine_of(None) is EMBEDDED


def test_the_default_team_has_its_own() -> None:
    row = bot()
    Team.objects.filter(pk=default_team().pk).update(engine=row)
    assert engine_of(None).row_id == row.pk
    assert engine_of(Team.objects.create(name="Sales").pk) is EMBEDDED


def test_a_team_without_one_has_that_of_the_environment(settings: Any) -> None:
    settings.BOT_BASE_URL, settings.BOT_MODEL, settings.BOT_API_KEY = "http://localhost:1/v1", "small", "secret"
    chosen = engine_of(None)
    assert isinstance(chosen.engine, OutsideEngine)
    assert (chosen.engine.endpoint.model, chosen.engine.endpoint.key) == ("small", "secret")
    assert chosen.row_id is None


def test_a_team_can_have_the_one_that_is_built_in_whatever_the_environment_says(settings: Any) -> None:
    settings.BOT_BASE_URL = "http://localhost:1/v1"
    sales = Team.objects.create(name="Sales", engine=bot(kind=EngineKind.EMBEDDED, base_url=""))
    assert engine_of(sales.pk) is EMBEDDED


def test_a_change_holds_for_the_next_question() -> None:
    row = bot()
    sales = Team.objects.create(name="Sales", engine=row)
    before = engine_of(sales.pk)
    BotEngine.objects.update(base_url="http://localhost:2/v1")
    assert engine_of(sales.pk) != before


def test_it_costs_one_query(django_assert_num_queries: Any) -> None:
    sales = Team.objects.create(name="Sales", engine=bot())
    with django_assert_num_queries(1):
        engine_of(sales.pk)


def test_a_key_is_read_from_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_SALES_KEY", "secret")
    assert endpoint_of(bot(key_variable="BOT_SALES_KEY")).key == "secret"


def test_a_variable_that_is_not_set_is_no_key() -> None:
    assert endpoint_of(bot(key_variable="BOT_NOT_SET")).key is None
    assert endpoint_of(bot(name="Open", key_variable="")).key == ""


def test_no_other_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in the table: who may change bots must not get at the database's password."""
    monkeypatch.setenv("DATABASE_URL", "postgres://user:password@host/name")
    assert endpoint_of(bot(key_variable="DATABASE_URL")).key is None


def test_a_key_is_not_in_what_is_printed() -> None:
    settings_of_bot = endpoint_of(bot())
    assert "key" not in repr(settings_of_bot)


CLIENTS = """
import asyncio, sys, threading
import django
django.setup()
import chatbot.bot.turns, workbench.admin
assert not {"httpx", "openai"} & set(sys.modules)

from chatbot.models import EngineKind
from chatbot.tests.outside import running
from harness.bots.completions import echo

class OnTheLoop:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "openai" and threading.current_thread() is threading.main_thread():
            imported.append(name)

async def ask():
    async for bot in running(echo, EngineKind.OPENAI):
        await bot.set(sends_knowledge=False).ask()

imported = []
sys.meta_path.insert(0, OnTheLoop())
asyncio.run(ask())
assert "openai" in sys.modules
assert not imported, imported
"""


def test_clients_are_imported_only_where_such_a_bot_is_asked_and_not_on_the_loop() -> None:
    """They take 1 to 3 s of processor time and 60 MB."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", CLIENTS], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
