"""Bots in the administration: what may be entered, whether one answers, and which team has which."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatbot.conversations.teams import default_team
from chatbot.models import BotEngine, EngineKind, Team
from harness.bots.completions import echo, fails
from harness.bots.server import STALL, Answer, StubBot, in_background
from workbench.tests.test_teams_admin import FORM as TEAM_FORM

pytestmark = pytest.mark.django_db

LIST = "/admin/chatbot/botengine/"
FORM = {
    "name": "Sales bot",
    "kind": "openai",
    "base_url": "https://bots.example.com/v1/",
    "model": "small",
    "key_variable": "BOT_SALES_KEY",
    "marker": "",
    "first_token_seconds": "10",
    "total_seconds": "60",
}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="pass-word-1"))
    return client


@pytest.fixture
def stub() -> Iterator[StubBot]:
    with in_background(StubBot(echo)) as bot:
        yield bot


def add(admin: Client, **fields: str) -> Any:
    return admin.post(f"{LIST}add/", FORM | fields)


def try_them(admin: Client, *rows: BotEngine) -> list[str]:
    """What the page says of the trial of these bots."""
    page = admin.post(LIST, {"action": "try_it", "_selected_action": [row.pk for row in rows]}, follow=True)
    return [str(message) for message in page.context["messages"]]


def bot(stub: StubBot, **fields: Any) -> BotEngine:
    return BotEngine.objects.create(**{"name": "Sales bot", "base_url": f"{stub.url}/v1", **fields})


def test_a_bot_is_entered(admin: Client) -> None:
    assert add(admin).status_code == 302
    row = BotEngine.objects.get()
    assert (row.base_url, row.key_variable, row.sends_knowledge) == (
        "https://bots.example.com/v1",
        "BOT_SALES_KEY",
        False,
    )


@pytest.mark.parametrize("ending", ["/chat/completions", "/chat-messages"])
def test_an_address_that_was_copied_from_an_example_is_cut(admin: Client, ending: str) -> None:
    assert add(admin, base_url=f"https://bots.example.com/v1{ending}").status_code == 302
    assert BotEngine.objects.get().base_url == "https://bots.example.com/v1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base_url": ""}, "where its API is"),
        ({"base_url": "bots.example.com"}, "valid URL"),
        ({"base_url": "file:///etc/passwd"}, "valid URL"),
        ({"base_url": "https://user:key@bots.example.com/v1"}, "without a key"),
        ({"base_url": "https://bots.example.com/v1?key=x"}, "without a key"),
        ({"key_variable": "DATABASE_URL"}, "Begin with BOT_"),
        ({"kind": "dify", "key_variable": ""}, "a key only"),
        ({"first_token_seconds": "0"}, "at least one second"),
        ({"first_token_seconds": "61"}, "no less than that"),
        ({"total_seconds": "171"}, "at most 170"),
    ],
)
def test_what_cannot_work_is_refused(admin: Client, change: dict[str, str], said: str) -> None:
    assert said in str(add(admin, **change).context["adminform"].errors)
    assert not BotEngine.objects.exists()


def test_the_one_that_is_built_in_needs_no_address(admin: Client) -> None:
    assert add(admin, kind="embedded", base_url="", key_variable="").status_code == 302


def test_a_bot_that_answers_is_said_to(admin: Client, stub: StubBot) -> None:
    [said] = try_them(admin, bot(stub))
    assert said.startswith("Sales bot: It answers; its first words came after ")
    [request] = stub.received
    assert request.body["messages"] == [{"role": "user", "content": "Hello"}]


def test_one_that_does_not_is_said_why(admin: Client, stub: StubBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_SALES_KEY", raising=False)
    stub.plans.extend([fails(401), fails(404), fails(500)])
    refuses = bot(stub)
    assert try_them(admin, refuses) == ["Sales bot: It refuses the key."]
    assert try_them(admin, refuses) == ["Sales bot: It knows neither this address nor this model."]
    assert try_them(admin, refuses) == ["Sales bot: It gives no answer that could be used (http_500)."]
    gone = bot(stub, name="Gone", base_url="http://127.0.0.1:1/v1")
    keyless = bot(stub, name="Keyless", key_variable="BOT_SALES_KEY")
    assert try_them(admin, gone, keyless) == [
        "Gone: Nothing answers at its address.",
        "Keyless: Its key is missing: set BOT_SALES_KEY for this service.",
    ]


def test_one_that_is_silent_is_given_up(admin: Client, stub: StubBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.bot.engine.outside.trial.MAX_SECONDS", 0.3)
    stub.plans.append(Answer([STALL]))
    assert try_them(admin, bot(stub)) == ["Sales bot: It does not answer in time."]


def test_the_one_that_is_built_in_answers(admin: Client, stub: StubBot) -> None:
    [said] = try_them(admin, bot(stub, kind=EngineKind.EMBEDDED, base_url=""))
    assert "It answers" in said


def test_no_more_are_tried_than_somebody_waits_for(admin: Client, stub: StubBot) -> None:
    rows = [bot(stub, name=f"Bot {number}") for number in range(4)]
    assert try_them(admin, *rows)[-1] == "The others were not tried: 3 at a time."
    assert len(stub.received) == 3


def test_the_list_says_whether_the_key_is_set_and_never_which(
    admin: Client, stub: StubBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_SALES_KEY", "sesame-open")
    row = bot(stub, key_variable="BOT_SALES_KEY")
    Team.objects.create(name="Sales", engine=row)
    for page in (LIST, f"{LIST}{row.pk}/change/"):
        shown = admin.get(page).content.decode()
        assert 'alt="True"' in shown
        assert "sesame" not in shown
    assert "Sales</td>" in admin.get(LIST).content.decode()


def test_a_team_gets_its_bot(admin: Client, stub: StubBot) -> None:
    row = bot(stub)
    assert admin.post("/admin/chatbot/team/add/", TEAM_FORM | {"engine": row.pk}).status_code == 302
    assert Team.objects.get(name="Billing").engine == row
    assert "Sales bot" in admin.get("/admin/chatbot/team/").content.decode()


def test_a_team_whose_bot_is_deleted_has_the_one_without(admin: Client, stub: StubBot) -> None:
    row = bot(stub)
    Team.objects.filter(pk=default_team().pk).update(engine=row)
    assert admin.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert default_team().engine is None
