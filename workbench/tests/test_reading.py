"""What agents see: the queue, the list of sessions, one conversation."""

from typing import Any

import pytest
from django.db.models.functions import Now

from chatbot.conversations.teams import default_team, team_json
from chatbot.models import ChatSession, Message, Status
from chatbot.tests.customer import error_code
from chatbot.tests.database import count_queries
from realtime.api import send_many
from realtime.database import in_database
from realtime.events import Event
from realtime.groups import BROADCAST, session
from workbench.selectors import agent_exists
from workbench.tests.agent import AgentClient, add_session, make_colleague

POSITION = "sse_agent_alice:0,sse_broadcast:0"


def names(content: dict[str, Any]) -> list[str]:
    return [item["session_name"] for item in content["items"]]


async def test_the_queue_is_longest_wait_first(alice: AgentClient) -> None:
    for n, hour in enumerate(("03", "01", "02")):
        await in_database(add_session, f"s-{n}")
        await in_database(ChatSession.objects.filter(name=f"s-{n}").update, waiting_since=f"2020-01-01T{hour}:00:00Z")
    _, queue = await alice.read("/api/sessions/queue")
    assert names(queue) == ["s-1", "s-2", "s-0"]
    assert [item["position"] for item in queue["items"]] == [1, 2, 3]


async def test_a_queue_item(alice: AgentClient) -> None:
    await in_database(
        add_session, customer_name="Zoë", customer_email="z@example.org", last_message="help", escalation_reason="why"
    )
    _, queue = await alice.read("/api/sessions/queue")
    assert (queue["total"], queue["position"]) == (1, POSITION)
    (item,) = queue["items"]
    assert item.pop("waiting_since").endswith("Z")
    assert 0 <= item.pop("waiting_seconds") < 60
    assert item.pop("team") == await in_database(lambda: team_json(default_team()))
    assert item == {
        "session_name": "s-1",
        "labels": [],
        "position": 1,
        "priority": "normal",
        "last_message": "help",
        "reason": "why",
        "version": 1,
        "customer": {"name": "Zoë", "email": "z@example.org"},
        "question": "",
        "language": "en",
        "unanswered_since": None,
        "unread": 0,
        "customer_online": False,
    }


async def test_only_who_waits_is_in_the_queue(alice: AgentClient) -> None:
    for status in (Status.BOT_ACTIVE, Status.CLOSED):
        await in_database(add_session, f"s-{status}", status)
    assert (await alice.read("/api/sessions/queue"))[1]["items"] == []


async def test_the_list_is_newest_activity_first(alice: AgentClient) -> None:
    for n in range(3):
        await in_database(add_session, f"s-{n}", last_activity_at=f"2020-01-0{n + 1}T00:00:00Z")
    assert names((await alice.read("/api/sessions"))[1]) == ["s-2", "s-1", "s-0"]


async def test_pages_go_through_all_sessions_once(alice: AgentClient) -> None:
    """Some have the same moment, so that the id has to decide."""
    for n in range(7):
        await in_database(add_session, f"s-{n}", last_activity_at=f"2020-01-0{n // 3 + 1}T00:00:00Z")
    seen: list[str] = []
    before = ""
    while True:
        _, page = await alice.read(f"/api/sessions?limit=2&before={before}")
        seen += names(page)
        if page["next"] is None:
            break
        before = page["next"]
    assert seen == [f"s-{n}" for n in reversed(range(7))]


async def test_a_full_last_page_has_no_next(alice: AgentClient) -> None:
    for n in range(2):
        await in_database(add_session, f"s-{n}")
    assert (await alice.read("/api/sessions?limit=2"))[1]["next"] is None


async def test_the_list_by_status(alice: AgentClient) -> None:
    await in_database(add_session, "s-1", Status.CLOSED)
    await in_database(add_session, "s-2")
    assert names((await alice.read("/api/sessions?status=closed"))[1]) == ["s-1"]


async def test_my_sessions(alice: AgentClient) -> None:
    await in_database(add_session, "s-1", Status.MANUAL_LIVE, "alice")
    await in_database(add_session, "s-2", Status.MANUAL_LIVE, "bob")
    await in_database(add_session, "s-3")
    assert names((await alice.read("/api/sessions?mine=1"))[1]) == ["s-1"]


@pytest.mark.parametrize("q", ["zoë", "EXAMPLE.org", "parcel", "s-1", "  parcel "])
async def test_search(alice: AgentClient, q: str) -> None:
    await in_database(
        add_session, customer_name="zoë", customer_email="z@example.org", last_message="my parcel is lost"
    )
    await in_database(add_session, "other")
    response = await alice.client.get("/api/sessions", {"q": q})
    assert names(response.json()) == ["s-1"]


async def test_a_search_sign_is_text(alice: AgentClient) -> None:
    await in_database(add_session, last_message="100 percent")
    response = await alice.client.get("/api/sessions", {"q": "100%p"})
    assert response.json()["items"] == []


async def test_the_words_of_a_colleagues_customer_are_not_shown(alice: AgentClient) -> None:
    await in_database(add_session, "s-1", Status.MANUAL_LIVE, "bob", last_message="secret", escalation_reason="secret")
    (item,) = (await alice.read("/api/sessions"))[1]["items"]
    assert (item["agent"]["id"], item["last_message"], item["reason"]) == ("bob", "", "")


async def test_the_words_of_a_colleagues_customer_cannot_be_searched(alice: AgentClient) -> None:
    await in_database(add_session, "s-1", Status.MANUAL_LIVE, "bob", last_message="secret")
    assert names((await alice.read("/api/sessions?q=secret"))[1]) == []


async def test_a_supervisor_sees_them(carol: AgentClient) -> None:
    await in_database(add_session, "s-1", Status.MANUAL_LIVE, "bob", last_message="secret")
    assert names((await carol.read("/api/sessions?q=secret"))[1]) == ["s-1"]


@pytest.mark.parametrize(
    "query",
    [
        "status=open",
        "mine=yes",
        "limit=0",
        "limit=101",
        "limit=x",
        "before=x",
        "before=WyJ4IiwxXQ",
        "before=bnVsbA",
        "before=%F0%9F%98%80",
        "before=WyIyMDIwLTAxLTAxVDAwOjAwOjAwIiwgMV0",
        "before=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5IiwgMV0",  # the first day there is, and east of Greenwich
        "before=WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTIzOjU5IiwgMV0",  # the last, and west of it
        "q=%00",
        "q=" + "x" * 101,
    ],
)
async def test_a_bad_query_is_refused(alice: AgentClient, query: str) -> None:
    response = await alice.get(f"/api/sessions?{query}")
    assert (response.status_code, error_code(response)) == (400, "INVALID_QUERY")


async def test_one_conversation(alice: AgentClient) -> None:
    await in_database(add_session, customer_name="Zoë")
    await in_database(write_messages, 3)
    status, detail = await alice.read("/api/sessions/s-1?limit=2")
    assert status == 200
    assert [message["content"] for message in detail["messages"]] == ["m1", "m2"]
    assert (detail["more"], detail["notes"], detail["customer"]["name"]) == (True, [], "Zoë")


async def test_the_position_of_a_conversation_covers_its_channels(alice: AgentClient) -> None:
    await in_database(add_session)
    await in_database(
        send_many, [(session("s-1"), Event("note_added", {})), *[(BROADCAST, Event("note_added", {}))] * 2]
    )
    _, detail = await alice.read("/api/sessions/s-1")
    assert detail["position"] == "sse_session_s-1:1,sse_agent_alice:0,sse_broadcast:2"


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.PENDING_MANUAL, Status.CLOSED])
async def test_any_agent_reads_what_no_agent_has(alice: AgentClient, status: Status) -> None:
    await in_database(add_session, status=status)
    assert (await alice.read("/api/sessions/s-1"))[0] == 200


async def test_a_live_conversation_is_its_assignees(alice: AgentClient, bob: AgentClient, carol: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    statuses = [(await reader.read("/api/sessions/s-1"))[0] for reader in (alice, bob, carol)]
    assert statuses == [200, 403, 200]


@pytest.mark.parametrize("name", ["s-none", "a b", "x" * 65, "s%0A"])
async def test_an_unknown_session_is_not_found(alice: AgentClient, name: str) -> None:
    response = await alice.get(f"/api/sessions/{name}")
    assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "queries"), [("/api/sessions", 9), ("/api/sessions/queue", 11), ("/api/sessions/s-0", 10)]
)
@pytest.mark.parametrize("count", [1, 30])
async def test_reading_costs_the_same_however_much_there_is(
    alice: AgentClient, path: str, queries: int, count: int
) -> None:
    """Login 2, position 1, then one for each kind of row; lists ask, for each use, whose queues are the agent's."""
    for n in range(count):
        await in_database(add_session, f"s-{n}")
    await in_database(add_session, "live", Status.MANUAL_LIVE, "bob")
    await in_database(write_messages, count, "s-0")
    statements = await count_queries(lambda: alice.get(path))
    assert len(statements) == queries, "\n".join(statements)


@pytest.mark.parametrize(
    ("verb", "queries"), [("takeover", 16), ("messages", 7), ("release", 17), ("close", 17), ("requeue", 18)]
)
async def test_what_acting_costs(alice: AgentClient, verb: str, queries: int) -> None:
    """Login 2, lock, the change with its offer and who is idle, its message, the session, counters, events, 3 more.

    Closing forgets what bots outside call the conversation.
    """
    status = Status.PENDING_MANUAL if verb == "takeover" else Status.MANUAL_LIVE
    await in_database(add_session, status=status, assignee="" if verb == "takeover" else "alice")
    statements = await count_queries(lambda: alice.act(verb=verb, name="s-1", body={"content": "a", "client_id": "a"}))
    assert len(statements) == queries, "\n".join(statements)


@pytest.mark.django_db
def test_an_agent_exists_while_active() -> None:
    colleague = make_colleague("alice")
    assert agent_exists("alice")
    colleague.user.is_active = False
    colleague.user.save()
    assert not agent_exists("alice")
    assert not agent_exists("nobody")


def write_messages(count: int, name: str = "s-1") -> None:
    chat = ChatSession.objects.get(name=name)
    for n in range(count):
        Message.objects.create(
            session=chat, role="customer", sender="customer", content=f"m{n}", client_id=f"c-{n}", created_at=Now()
        )
