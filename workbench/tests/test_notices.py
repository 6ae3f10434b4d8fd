"""A system line says what it tells of and who did it, so that each page can say it to its own reader."""

import json
from functools import partial

import pytest
from django.contrib.auth.models import User

from chatbot.models import Message, Status
from chatbot.tests.logged import logged
from realtime import groups
from realtime.database import in_database
from workbench.actions.requeue import requeue_stranded
from workbench.tests.agent import AgentClient, add_session

ALICE = {"id": "alice", "name": "Alice"}


@pytest.mark.parametrize(
    ("verb", "status", "notice"),
    [
        ("takeover", Status.PENDING_MANUAL, "taken"),
        ("release", Status.MANUAL_LIVE, "released"),
        ("requeue", Status.MANUAL_LIVE, "requeued"),
        ("close", Status.MANUAL_LIVE, "closed"),
    ],
)
async def test_what_an_agent_did_is_named(alice: AgentClient, verb: str, status: Status, notice: str) -> None:
    live = {"assignee": "alice"} if status == Status.MANUAL_LIVE else {}
    await in_database(partial(add_session, status=status, **live))
    assert (await alice.act("s-1", verb))[0] == 200
    event = next(each for each in await in_database(logged, groups.session("s-1")) if each["type"] == "new_message")
    assert (event["payload"]["notice"], event["payload"]["agent"]) == (notice, ALICE)


async def test_a_fetch_says_it_too(alice: AgentClient) -> None:
    await in_database(add_session)
    await alice.act("s-1", "takeover")
    [line] = json.loads((await alice.get("/api/sessions/s-1")).content)["messages"]
    assert (line["role"], line["notice"], line["agent"]) == ("system", "taken", ALICE)


async def test_a_message_of_an_agent_is_no_notice(alice: AgentClient) -> None:
    await in_database(partial(add_session, status=Status.MANUAL_LIVE, assignee="alice"))
    response = await alice.post("/api/sessions/s-1/messages", {"content": "hi", "client_id": "c-1"})
    assert json.loads(response.content)["notice"] is None


@pytest.mark.django_db(transaction=True)
def test_who_was_deactivated_is_named() -> None:
    add_session("s-1", Status.MANUAL_LIVE, "alice")
    User.objects.filter(username="alice").update(is_active=False)
    assert requeue_stranded(session_name="s-1")
    line = Message.objects.select_related("agent").get()
    assert (line.notice, line.agent and line.agent.username) == ("stranded", "alice")
