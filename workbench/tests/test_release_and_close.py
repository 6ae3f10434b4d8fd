"""An agent gives a conversation back, or ends it."""

import pytest

from chatbot.models import ChatSession, Closing, Message, Status
from chatbot.tests.customer import error_code
from chatbot.tests.logged import logged, types_on
from realtime import groups
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


async def test_a_released_session_is_with_the_bot(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    status, session = await alice.act("s-1", "release")
    assert (status, session["status"], session["agent"]) == (200, "bot_active", None)


async def test_a_closed_session_has_no_assignee(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    status, session = await alice.act("s-1", "close")
    assert (status, session["status"], session["agent"]) == (200, "closed", None)
    assert (await in_database(ChatSession.objects.get)).closed_at is not None


@pytest.mark.parametrize("verb", ["release", "close"])
async def test_everybody_hears_of_it(alice: AgentClient, verb: str) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await alice.act("s-1", verb)
    for channel in (groups.session("s-1"), groups.BROADCAST):
        event = (await in_database(logged, channel))[0]
        assert (event["type"], event["payload"]["previous"]) == ("status_change", "manual_live")


@pytest.mark.parametrize("verb", ["release", "close"])
async def test_customer_and_agent_read_that_it_happened(alice: AgentClient, verb: str) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await alice.act("s-1", verb)
    first = await in_database(Message.objects.order_by("id").first)
    assert first is not None
    assert first.role == "system"
    assert await in_database(types_on, groups.agent("alice")) == ["new_message"]


@pytest.mark.parametrize(("language", "words"), [("en", "I am here again."), ("zh-hans", "我又回来了。")])
async def test_after_a_release_the_bot_says_that_it_is_there(alice: AgentClient, language: str, words: str) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice", language=language)
    await alice.act("s-1", "release")
    notice, greeting = await in_database(lambda: list(Message.objects.order_by("id")))
    assert (notice.role, greeting.role, greeting.content.startswith(words)) == ("system", "bot", True)
    assert (await in_database(types_on, groups.session("s-1")))[-2:] == ["new_message", "new_message"]


@pytest.mark.parametrize("verb", ["release", "close"])
async def test_only_the_assignee_may(bob: AgentClient, verb: str) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    response = await bob.post(f"/api/sessions/s-1/{verb}")
    assert (response.status_code, error_code(response)) == (403, "NOT_ASSIGNEE")


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.PENDING_MANUAL, Status.CLOSED])
async def test_only_a_live_session_can_be_released(alice: AgentClient, status: Status) -> None:
    await in_database(add_session, status=status)
    response = await alice.post("/api/sessions/s-1/release")
    assert (response.status_code, error_code(response)) == (409, "INVALID_STATUS")


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.PENDING_MANUAL])
async def test_any_agent_may_close_what_no_agent_has(alice: AgentClient, status: Status) -> None:
    await in_database(add_session, status=status)
    assert (await alice.act("s-1", "close"))[0] == 200


async def test_a_closed_session_is_not_closed_again(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.CLOSED)
    response = await alice.post("/api/sessions/s-1/close")
    assert (response.status_code, error_code(response)) == (409, "INVALID_STATUS")


@pytest.mark.parametrize("verb", ["release", "close"])
async def test_another_content_type_is_refused(alice: AgentClient, verb: str) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    response = await alice.client.post(f"/api/sessions/s-1/{verb}", data="x", content_type="text/plain")
    assert (response.status_code, error_code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("verb", ["takeover", "messages", "release", "close"])
@pytest.mark.parametrize("name", ["s-none", "a b", "x" * 65, "s%0A"])
async def test_an_unknown_session_is_not_found(alice: AgentClient, verb: str, name: str) -> None:
    response = await alice.post(f"/api/sessions/{name}/{verb}", {"content": "hi", "client_id": "a"})
    assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


async def test_colleagues_read_how_it_ended_and_what_the_customer_thought(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    how = {"reason": "refund", "summary": "Paid back.", "follow_up_on": "2026-12-01"}
    assert (await alice.act("s-1", "close", how))[0] == 200
    await in_database(lambda: Closing.objects.update(score=5, comment="Thanks"))
    _, detail = await bob.read("/api/sessions/s-1")
    noted = detail["closing"]
    assert {key: noted[key] for key in how} == how
    assert (noted["agent"], noted["score"], noted["comment"]) == ({"id": "alice", "name": "Alice"}, 5, "Thanks")


@pytest.mark.parametrize("body", [{"reason": "x" * 41}, {"summary": 5}, {"follow_up_on": "soon"}, {"follow_up_on": 5}])
async def test_a_bad_reason_closes_nothing(alice: AgentClient, body: dict[str, object]) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert (await alice.act("s-1", "close", body))[0] == 400
    assert not await in_database(Closing.objects.exists)


async def test_who_takes_it_reads_what_was_said_with_the_bot(alice: AgentClient) -> None:
    await in_database(add_session, handover_summary="Customer: where is it?\nAssistant: On its way.")
    _, detail = await alice.read("/api/sessions/s-1")
    assert detail["summary"] == "Customer: where is it?\nAssistant: On its way."
