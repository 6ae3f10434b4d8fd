"""What helps agents: replies that the knowledge base suggests, summaries, translations."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.db import transaction
from limits import parse

from chatbot.bot.engine.outside.connections import close_connections
from chatbot.conversations import transcript
from chatbot.conversations.locking import lock_session
from chatbot.knowledge import search
from chatbot.knowledge.entries import write_entries
from chatbot.models import KnowledgeEntry, Message, Role, Status
from chatbot.tests.customer import error_code
from chatbot.tests.people import make_agent
from harness.bots.completions import echo, fails, whole
from harness.bots.server import StubBot
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session

ENTRIES = (
    KnowledgeEntry(key="return", language="en", question="How do I return it?", answer="Send it back."),
    KnowledgeEntry(
        key="pay", language="en", question="How can I pay?", answer="By card.", url="https://shop.example.com/pay"
    ),
    KnowledgeEntry(key="退货", language="zh-hans", question="怎么退货？", answer="寄回来。"),
)


def begin(*said: tuple[Role, str], status: Status = Status.MANUAL_LIVE, **fields: Any) -> None:
    """A session of alice's in which this was said, and what the knowledge base knows."""
    write_entries(ENTRIES)
    add_session(status=status, assignee="alice" if status == Status.MANUAL_LIVE else "", **fields)
    say(*said)


def say(*said: tuple[Role, str]) -> None:
    for role, content in said:
        with transaction.atomic():
            locked = lock_session("s-1")
            agent = make_agent("alice") if role == Role.AGENT else None
            sender = {Role.CUSTOMER: transcript.CUSTOMER, Role.BOT: transcript.BOT}.get(role, "alice")
            client_id = f"c-{Message.objects.count()}"
            transcript.write(
                locked.session,
                role=role,
                sender=sender,
                content=content,
                client_id=client_id,
                now=locked.now,
                agent=agent,
            )


async def suggested(agent: AgentClient) -> list[str]:
    status, content = await agent.read("/api/sessions/s-1/suggestions")
    assert status == 200
    return [each["key"] for each in content["items"]]


CUSTOMER, BOT, AGENT = Role.CUSTOMER, Role.BOT, Role.AGENT


# Suggested replies


async def test_a_suggested_reply_is_an_entry_as_it_stands(alice: AgentClient) -> None:
    await in_database(begin, (CUSTOMER, "How can I pay?"))
    _, content = await alice.read("/api/sessions/s-1/suggestions")
    found = content["items"][0]
    assert 0.15 < found.pop("confidence") <= 1
    assert found == {
        "key": "pay",
        "question": "How can I pay?",
        "answer": "By card.",
        "url": "https://shop.example.com/pay",
        "language": "en",
    }


async def test_what_was_answered_is_not_suggested_again(alice: AgentClient) -> None:
    await in_database(begin, (CUSTOMER, "How can I pay?"), (AGENT, "By card."))
    assert await suggested(alice) == []
    await in_database(say, (CUSTOMER, "How do I return it?"))
    assert "pay" not in await suggested(alice)


async def test_what_was_asked_before_a_greeting_still_counts(alice: AgentClient) -> None:
    await in_database(begin, (CUSTOMER, "How do I return it?"), (CUSTOMER, "hello"), (CUSTOMER, "A human, please!"))
    assert (await suggested(alice))[0] == "return"


async def test_two_questions_in_a_row_both_count(alice: AgentClient) -> None:
    await in_database(begin, (CUSTOMER, "How do I return it?"), (CUSTOMER, "How can I pay?"))
    assert {"return", "pay"} <= set(await suggested(alice))


async def test_the_customers_language_comes_first(alice: AgentClient, monkeypatch: pytest.MonkeyPatch) -> None:
    found = search.Found(
        (search.Candidate("pay", "How can I pay?", "en", 0.9), search.Candidate("退货", "怎么退货？", "zh-hans", 0.3))
    )

    async def find(text: str) -> search.Found:
        return found

    monkeypatch.setattr("chatbot.bot.engine.suggested_replies.find", find)
    await in_database(begin, (CUSTOMER, "我想退货"))
    assert await suggested(alice) == ["退货", "pay"]


async def test_what_is_unlikely_is_not_suggested(alice: AgentClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(text: str) -> search.Found:
        return search.Found((search.Candidate("pay", "How can I pay?", "en", 0.15),))

    monkeypatch.setattr("chatbot.bot.engine.suggested_replies.find", find)
    await in_database(begin, (CUSTOMER, "Who won the match?"))
    assert await suggested(alice) == []


@pytest.mark.parametrize(
    ("status", "reader", "refusal"),
    [
        (Status.MANUAL_LIVE, "bob", (403, "NOT_ASSIGNEE")),
        (Status.MANUAL_LIVE, "carol", (403, "NOT_ASSIGNEE")),
        (Status.PENDING_MANUAL, "alice", (409, "INVALID_STATUS")),
    ],
)
async def test_suggestions_are_for_the_agent_who_has_the_conversation(
    request: pytest.FixtureRequest,
    alice: AgentClient,
    bob: AgentClient,
    carol: AgentClient,
    status: Status,
    reader: str,
    refusal: tuple[int, str],
) -> None:
    await in_database(begin, (CUSTOMER, "How can I pay?"), status=status)
    agent = {"alice": alice, "bob": bob, "carol": carol}[reader]
    response = await agent.get("/api/sessions/s-1/suggestions")
    assert (response.status_code, error_code(response)) == refusal


async def test_suggestions_have_a_rate_of_their_own(alice: AgentClient, settings: Any) -> None:
    settings.RATE_LIMITS = {"suggestions": parse("2/hour")}
    await in_database(begin, (CUSTOMER, "How can I pay?"))
    assert [(await alice.read("/api/sessions/s-1/suggestions"))[0] for _ in range(3)] == [200, 200, 429]
    assert (await alice.reply("s-1", "By card."))[0] == 201


# A language model


@pytest.fixture
async def model(settings: Any) -> AsyncIterator[StubBot]:
    """The language model of all teams."""
    stub = StubBot(echo)
    await stub.start()
    settings.BOT_BASE_URL = f"{stub.url}/v1"
    settings.BOT_API_KEY = "secret"
    yield stub
    await close_connections()
    await stub.stop()


async def translate(agent: AgentClient, message_id: object, to: str = "en") -> tuple[int, dict[str, Any]]:
    return await agent.act("s-1", f"messages/{message_id}/translation", {"to": to})


def first_id() -> int:
    return Message.objects.order_by("id").values_list("id", flat=True)[0]


async def test_a_message_is_translated(alice: AgentClient, model: StubBot) -> None:
    model.plans.append(whole("Where is my parcel?"))
    await in_database(begin, (CUSTOMER, "我的包裹在哪里？"), (CUSTOMER, "谢谢"))
    answer = await translate(alice, await in_database(first_id))
    assert answer == (200, {"text": "Where is my parcel?", "language": "en"})
    assert "谢谢" not in json.dumps(model.received[0].body, ensure_ascii=False)  # that one message is sent, no other


async def test_a_summary_is_the_models_in_the_agents_language(alice: AgentClient, model: StubBot) -> None:
    model.plans.append(whole("他想退货。"))
    await in_database(begin, (CUSTOMER, "How do I return it?"), (BOT, "Send it back."), (AGENT, "Hello, Alice here."))
    response = await alice.post("/api/sessions/s-1/summary", {}, **{"Accept-Language": "zh-hans"})
    assert json.loads(response.content) == {"text": "他想退货。", "is_written_by_model": True}
    system, user = model.received[0].body["messages"]
    assert "Simplified Chinese" in system["content"]
    assert [json.loads(line)["from"] for line in user["content"].splitlines()] == ["customer", "bot", "agent"]


async def test_without_a_model_a_summary_is_the_last_turns(alice: AgentClient) -> None:
    await in_database(begin, (CUSTOMER, "How do I\nreturn it?"), (BOT, "Send it back."), (AGENT, "Hello."))
    assert await alice.act("s-1", "summary") == (
        200,
        {
            "text": "Customer: How do I return it?\nAssistant: Send it back.\nAgent: Hello.",
            "is_written_by_model": False,
        },
    )


async def test_of_nothing_the_summary_is_empty(alice: AgentClient, model: StubBot) -> None:
    await in_database(begin)
    assert await alice.act("s-1", "summary") == (200, {"text": "", "is_written_by_model": False})
    assert not model.received


async def test_a_model_in_trouble_is_told(alice: AgentClient, model: StubBot) -> None:
    model.behaviour = lambda request: fails(500)
    await in_database(begin, (CUSTOMER, "Where is my parcel?"))
    for status, content in (await translate(alice, await in_database(first_id)), await alice.act("s-1", "summary")):
        assert (status, content["error"]["code"]) == (503, "LANGUAGE_MODEL_TROUBLE")


async def test_without_a_model_nothing_is_translated(alice: AgentClient) -> None:
    await in_database(begin, (CUSTOMER, "Where is my parcel?"))
    status, content = await translate(alice, await in_database(first_id))
    assert (status, content["error"]["code"]) == (409, "NO_LANGUAGE_MODEL")


async def test_the_page_is_told_whether_there_is_a_model(alice: AgentClient, settings: Any) -> None:
    await in_database(begin)
    assert (await alice.read("/api/sessions/s-1"))[1]["has_language_model"] is False
    settings.BOT_BASE_URL = "http://localhost:1/v1"
    assert (await alice.read("/api/sessions/s-1"))[1]["has_language_model"] is True


@pytest.mark.parametrize("message_id", ["0", "x", "9" * 30, "²"])
async def test_what_is_no_message_of_the_session_is_not_translated(
    alice: AgentClient, model: StubBot, message_id: str
) -> None:
    await in_database(begin)
    status, content = await translate(alice, message_id)
    assert (status, content["error"]["code"]) == (404, "MESSAGE_NOT_FOUND")


async def test_a_message_of_another_session_is_not_translated(alice: AgentClient, model: StubBot) -> None:
    await in_database(begin, (CUSTOMER, "Where is my parcel?"))
    message_id = await in_database(first_id)
    await in_database(add_session, "s-2")
    status, content = await alice.act("s-2", f"messages/{message_id}/translation", {"to": "en"})
    assert (status, content["error"]["code"]) == (404, "MESSAGE_NOT_FOUND")


async def test_who_may_not_read_gets_neither(alice: AgentClient, bob: AgentClient, model: StubBot) -> None:
    await in_database(begin, (CUSTOMER, "Where is my parcel?"))
    assert (await translate(bob, await in_database(first_id)))[0] == 403
    assert (await translate(bob, await in_database(first_id), to="fr"))[0] == 403
    assert (await bob.act("s-1", "summary"))[0] == 403
    assert not model.received


async def test_only_known_languages_are_translated_to(alice: AgentClient, model: StubBot) -> None:
    await in_database(begin, (CUSTOMER, "Where is my parcel?"))
    status, content = await translate(alice, await in_database(first_id), to="fr")
    assert (status, content["error"]["code"]) == (400, "INVALID_TO")


async def test_what_the_model_does_has_a_rate_of_its_own(alice: AgentClient, settings: Any) -> None:
    settings.RATE_LIMITS = {"assistance": parse("2/hour")}
    await in_database(begin)
    assert [(await alice.act("s-1", "summary"))[0] for _ in range(3)] == [200, 200, 429]
