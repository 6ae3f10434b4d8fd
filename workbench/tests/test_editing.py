"""What agents note of a conversation: labels, priority, who the customer is."""

import json
from typing import Any

import pytest

from chatbot.models import ChatSession, HistoryEntry, Label, Priority, Status
from chatbot.tests.logged import logged
from realtime import groups
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


async def edit(agent: AgentClient, body: Any, name: str = "s-1") -> tuple[int, dict[str, Any]]:
    response = await agent.patch(f"/api/sessions/{name}", body)
    return response.status_code, json.loads(response.content)


async def told() -> list[dict[str, Any]]:
    return await in_database(logged, groups.BROADCAST)


async def test_labels_priority_and_customer(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    customer = {"name": "Ann", "email": "ann@example.com", "phone": "+49 30 1234"}
    status, item = await edit(alice, {"labels": ["refund", "退款"], "priority": "high", "customer": customer})
    assert (status, item["labels"], item["priority"], item["customer"]) == (200, ["refund", "退款"], "high", customer)
    events = await told()
    assert [event["type"] for event in events] == ["customer_change", "session_updated"]
    assert events[0]["payload"]["customer"] == customer
    assert (events[1]["payload"]["labels"], events[1]["payload"]["priority"]) == (["refund", "退款"], "high")
    assert (await alice.read("/api/labels"))[1] == {"items": ["refund", "退款"]}
    history = (await alice.read("/api/sessions/s-1/history"))[1]["items"]
    assert [(line["what"], line["why"]) for line in history] == [
        ("noted", "email, name, phone"),
        ("labelled", "refund, 退款"),
        ("prioritised", "High"),
    ]


async def test_what_is_not_given_stays_and_nothing_new_tells_nobody(alice: AgentClient) -> None:
    known: dict[str, Any] = {"labels": ["a"], "customer_name": "Ann", "customer_phone": "1"}
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice", **known)
    status, item = await edit(alice, {"labels": ["a", "a"], "customer": {"name": "Ann"}})
    assert (status, item["labels"], item["customer"]["phone"], item["version"]) == (200, ["a"], "1", 1)
    assert await told() == []
    assert not await in_database(HistoryEntry.objects.exists)


async def test_a_label_is_one_line(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert (await edit(alice, {"labels": [" two\n lines ", "two lines"]}))[1]["labels"] == ["two lines"]


async def test_labels_are_taken_off(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice", labels=["a", "b"])
    assert (await edit(alice, {"labels": []}))[1]["labels"] == []


async def test_a_supervisor_may_whatever_the_status(carol: AgentClient) -> None:
    await in_database(add_session)
    assert (await edit(carol, {"priority": "urgent"}))[0] == 200

    def session() -> ChatSession:
        return ChatSession.objects.get()

    now = await in_database(session)
    assert (now.priority, now.best_priority, now.raised_at is not None) == (Priority.URGENT, Priority.URGENT, True)
    assert (await edit(carol, {"priority": "low"}))[0] == 200
    assert (await in_database(session)).best_priority == Priority.URGENT


@pytest.mark.parametrize("status", Status)
async def test_a_colleague_may_not(bob: AgentClient, status: Status) -> None:
    await in_database(add_session, status=status, assignee="alice" if status == Status.MANUAL_LIVE else "")
    answer, content = await edit(bob, {"labels": ["mine"]})
    assert (answer, content["error"]["code"]) == (403, "NOT_ASSIGNEE")
    assert not await in_database(Label.objects.exists)


@pytest.mark.parametrize(
    "body",
    [
        {"labels": [""]},
        {"labels": ["  \n "]},
        {"labels": ["x" * 41]},
        {"labels": [f"l-{n}" for n in range(21)]},
        {"labels": "refund"},
        {"labels": [1]},
        {"priority": "highest"},
        {"priority": 3},
        {"customer": {"email": "no address"}},
        {"customer": {"phone": "1" * 41}},
        {"customer": "Ann"},
        [],
    ],
)
async def test_bad_input_changes_nothing(alice: AgentClient, body: object) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    status, content = await edit(alice, body)
    assert (status, content["error"]["code"].partition("_")[0]) == (400, "INVALID")
    assert await told() == []
    assert not await in_database(Label.objects.exists)


async def test_lists_are_narrowed_to_a_label(alice: AgentClient) -> None:
    for name, labels in (("s-1", ["VIP", "退款"]), ("s-2", ["vip"]), ("s-3", [])):
        await in_database(add_session, name, status=Status.CLOSED, labels=labels)

    async def found(label: str) -> list[str]:
        items = (await alice.read(f"/api/sessions?label={label}"))[1]["items"]
        return sorted(item["session_name"] for item in items)

    assert (await found("VIP"), await found("vip"), await found("退款")) == (["s-1"], ["s-2"], ["s-1"])
    assert (await found("VI"), await found("")) == ([], ["s-1", "s-2", "s-3"])
