"""Of any number of agents exactly one gets a waiting customer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from chatbot.conversations.errors import AlreadyTaken
from chatbot.models import ChatSession, Message, Status
from chatbot.tests.customer import error_code
from chatbot.tests.logged import logged, types_on
from realtime import groups
from realtime.database import in_database
from workbench.actions.take_over import take_over
from workbench.tests.agent import AgentClient, add_session, make_colleague

ATTEMPTS = 20


async def test_the_session_is_the_agents(alice: AgentClient) -> None:
    await in_database(add_session)
    status, session = await alice.act("s-1", "takeover")
    assert status == 200
    assert (session["status"], session["agent"]) == ("manual_live", {"id": "alice", "name": "Alice"})


async def test_a_session_with_an_agent_does_not_wait(alice: AgentClient) -> None:
    await in_database(add_session)
    _, session = await alice.act("s-1", "takeover")
    assert session["waiting_since"] is None
    assert (await alice.read("/api/sessions?mine=1"))[1]["items"][0]["waiting_since"] is None


async def test_everybody_hears_who_has_it(alice: AgentClient) -> None:
    await in_database(add_session)
    await alice.act("s-1", "takeover")
    expected = {
        "session_name": "s-1",
        "status": "manual_live",
        "previous": "pending_manual",
        "agent": {"id": "alice", "name": "Alice"},
        "version": 2,
    }
    for channel in (groups.session("s-1"), groups.BROADCAST):
        event = (await in_database(logged, channel))[0]
        assert (event["type"], event["source"], event["payload"]) == ("status_change", "agent_workbench", expected)


async def test_the_customer_reads_who_has_come(alice: AgentClient) -> None:
    await in_database(add_session)
    await alice.act("s-1", "takeover")
    notice = await in_database(Message.objects.get)
    assert notice.role == "system"
    assert "Alice" in notice.content


async def test_the_second_agent_hears_who_has_it(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(add_session)
    await alice.act("s-1", "takeover")
    status, content = await bob.act("s-1", "takeover")
    assert (status, content["error"]["code"]) == (409, "ALREADY_TAKEN")
    assert content["error"]["agent"] == {"id": "alice", "name": "Alice"}


async def test_the_winners_second_call_is_refused_too(alice: AgentClient) -> None:
    await in_database(add_session)
    await alice.act("s-1", "takeover")
    status, content = await alice.act("s-1", "takeover")
    assert (status, content["error"]["agent"]["id"]) == (409, "alice")


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.CLOSED])
async def test_nobody_waits(alice: AgentClient, status: Status) -> None:
    await in_database(add_session, status=status)
    response = await alice.post("/api/sessions/s-1/takeover")
    assert (response.status_code, error_code(response)) == (409, "INVALID_STATUS")


async def test_a_refused_takeover_sends_nothing(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    await alice.act("s-1", "takeover")
    assert await in_database(types_on, groups.BROADCAST) == []


async def test_a_supervisor_may_take_a_session_from_its_agent(alice: AgentClient, carol: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    status, session = await carol.act("s-1", "takeover", {"force": True})
    assert (status, session["agent"]["id"]) == (200, "carol")


async def test_the_former_agent_hears_of_it(alice: AgentClient, carol: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await carol.act("s-1", "takeover", {"force": True})
    assert await in_database(types_on, groups.agent("alice")) == ["new_message"]


async def test_without_force_a_supervisor_is_refused_like_anybody(carol: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert (await carol.act("s-1", "takeover"))[0] == 409


async def test_only_a_supervisor_may_force(bob: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    response = await bob.post("/api/sessions/s-1/takeover", {"force": True})
    assert (response.status_code, error_code(response)) == (403, "FORBIDDEN")
    assert (await in_database(ChatSession.objects.select_related("assignee").get)).assignee.username == "alice"  # type: ignore[union-attr]


async def test_force_must_be_a_boolean(carol: AgentClient) -> None:
    await in_database(add_session)
    response = await carol.post("/api/sessions/s-1/takeover", {"force": "true"})
    assert (response.status_code, error_code(response)) == (400, "INVALID_FORCE")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", range(5))
def test_of_20_simultaneous_attempts_one_wins(run: int) -> None:
    add_session()
    agents = [make_colleague(f"agent-{n}") for n in range(ATTEMPTS)]
    together = threading.Barrier(ATTEMPTS)

    def attempt(n: int) -> bool:
        together.wait()
        try:
            take_over(session_name="s-1", agent=agents[n])
        except AlreadyTaken:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(ATTEMPTS) as pool:
        won = list(pool.map(attempt, range(ATTEMPTS)))
    assert won.count(True) == 1
    assert ChatSession.objects.get().assignee == agents[won.index(True)].user
    assert types_on(groups.BROADCAST) == ["status_change"]
