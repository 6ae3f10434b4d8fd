"""The recipes of docs/bots.md, as they stand there, against stubs that follow the documented protocols."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import transaction

from chatbot.bot.engine.outside.connections import import_openai
from chatbot.conversations import lifecycle, transcript
from chatbot.conversations.history import agent_actor
from chatbot.conversations.locking import lock_session
from chatbot.conversations.teams import default_team
from chatbot.models import BotEngine, ChatSession, Message, Role, Status, Team
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_agent
from chatbot.tests.test_turns import bot_messages, post, running, until
from harness.bots.dify import Dify
from harness.bots.fastgpt import FastGpt
from harness.bots.ragflow import RagFlow
from harness.bots.server import Behaviour, StubBot, in_background
from realtime.database import in_database

PAGE = (Path(__file__).resolve().parents[2] / "docs/bots.md").read_text()
FIELDS = {
    "name": "name",
    "kind": "kind",
    "address": "base_url",
    "variable of its key": "key_variable",
    "marker for a human": "marker",
}
MARKER = "[[human]]"
KEY = "key-1"
AGENT_S_WORDS = "Your parcel is in Leipzig."


def recipe(name: str) -> dict[str, str]:
    """The fields of a recipe's table."""
    section = PAGE.partition(f"## Recipe: {name}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\w ]+) \| `(.+)` \|$", section, re.MULTILINE)
    assert len(rows) == len(FIELDS)
    return {FIELDS[label]: value for label, value in rows}


def reply(last: str, human_part: str) -> str:
    """What a bot answers that follows its prompt."""
    if "person" in last:
        return f"I will get one. {MARKER}"
    return "It is in Leipzig." if AGENT_S_WORDS in human_part else f"Of {last} I know. [ID:0]"


def dify() -> Behaviour:
    return Dify(KEY, lambda kept: reply(kept.queries[-1], kept.transcripts[-1]))


def fastgpt() -> Behaviour:
    return FastGpt(KEY, lambda kept: reply(kept.queries[-1], kept.variables["human_transcript"]))


def ragflow() -> Behaviour:
    return RagFlow(KEY, reply=lambda messages: reply(messages[-1]["content"], str(messages)))


@pytest.fixture(autouse=True, scope="module")
def _openai() -> None:
    """The library is there: to import it takes seconds on a busy machine, and no answer is waited for that long."""
    import_openai()


@pytest.fixture
def stub(request: pytest.FixtureRequest) -> Iterator[StubBot]:
    behaviour: Callable[[], Behaviour] = request.param
    with in_background(StubBot(behaviour())) as bot:
        yield bot


def enter(stub: StubBot, fields: dict[str, str]) -> None:
    """Enter the bot where the stub stands for its maker's host, and give it to the default team."""
    row = BotEngine(**fields | {"base_url": re.sub(r"https://[\w.]+", stub.url, fields["base_url"])})
    row.full_clean()
    row.save()
    Team.objects.filter(pk=default_team().pk).update(engine=row)


def with_an_agent() -> None:
    """An agent takes the session, says something and gives it back."""
    with transaction.atomic():
        locked = lock_session("s-1")
        alice = make_agent("alice", "Alice")
        lifecycle.take_over(locked.session, agent=alice, now=locked.now)
        transcript.write(
            locked.session,
            role=Role.AGENT,
            sender="alice",
            content=AGENT_S_WORDS,
            client_id="a-1",
            now=locked.now,
            agent=alice,
        )
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.release(locked.session, actor=agent_actor(alice), now=locked.now)


def waits() -> bool:
    return ChatSession.objects.get().status == Status.PENDING_MANUAL


def answers(count: int) -> Callable[[], list[Message]]:
    return lambda: found if len(found := bot_messages()) == count else []


@pytest.mark.parametrize(
    ("name", "stub", "source"),
    [("Dify", dify, "Opening hours"), ("FastGPT", fastgpt, None), ("RAGFlow", ragflow, "hours.md")],
    indirect=["stub"],
)
async def test_a_recipe(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, name: str, stub: StubBot, source: str | None
) -> None:
    fields = recipe(name)
    monkeypatch.setenv(fields["key_variable"], KEY)
    await in_database(enter, stub, fields)
    await in_database(make_session, "s-1")
    async with running():
        await in_database(post, "opening hours", "c-1")
        [first] = await until(answers(1))
        assert first.content.startswith("Of opening hours I know.")
        assert [each["title"] for each in (first.reply or {}).get("sources", [])] == ([source] if source else [])
        await in_database(post, "prices", "c-2")
        await until(answers(2))
        await in_database(post, "a person please", "c-3")
        await until(waits)
        assert MARKER not in str([each.content for each in await in_database(bot_messages)])
        await in_database(with_an_agent)
        before = len(await in_database(bot_messages))
        await in_database(post, "where is it", "c-4")
        *_, last = await until(answers(before + 1))
        assert last.content == "It is in Leipzig."
