"""Who did what with a conversation, when and why, in the reader's language."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from chatbot.conversations import history, lifecycle, offers
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, HistoryEntry, Offer, Status, What
from chatbot.tests.database import count_queries
from chatbot.tests.people import hand_over_to, make_agent
from realtime.database import in_database
from workbench.lists.history import MAX_LINES
from workbench.tests.ableness import make_able
from workbench.tests.agent import AgentClient, add_session

BOB = {"id": "bob", "name": "Bob"}


def begin(agent: str = "alice") -> None:
    add_session(status=Status.BOT_ACTIVE)
    hand_over_to("s-1", agent)


def note(what: What, why: dict[str, Any]) -> None:
    with transaction.atomic():
        locked = lock_session("s-1")
        history.note(locked.session, what, actor=history.SYSTEM, now=locked.now, why=why)


async def lines(reader: AgentClient, **headers: str) -> list[dict[str, Any]]:
    response = await reader.get("/api/sessions/s-1/history", **headers)
    assert response.status_code == 200
    return list(json.loads(response.content)["items"])


async def test_it_says_who_did_what_oldest_first(alice: AgentClient) -> None:
    await in_database(begin)
    await alice.act("s-1", "release")
    found = await lines(alice)
    own = {"id": "alice", "name": "Alice"}
    assert [(each["who"], each["what"]) for each in found] == [
        ("customer", "escalated"),
        (own, "taken"),
        (own, "released"),
    ]
    assert sorted(each["at"] for each in found) == [each["at"] for each in found]


async def test_a_transfer_that_was_declined(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(begin)
    await in_database(make_able, "bob")
    _, offer = await alice.act("s-1", "transfer", {"to_agent": "bob", "note": "He speaks French"})
    await in_database(Offer.objects.update, made_at=F("made_at") - timedelta(seconds=12))
    await bob.post(f"/api/offers/{offer['offer_id']}/decline", {"reason": "At lunch"})
    seconds = offers.seconds_of(await in_database(Offer.objects.get))
    assert seconds >= 12
    offered, declined = (await lines(alice))[-2:]
    assert (offered["what"], offered["why"]) == ("offered", "Alice asks Bob to take over")
    why = f"Bob declined after {seconds} s; At lunch"
    assert (declined["who"], declined["what"], declined["why"]) == (BOB, "declined", why)


async def test_one_that_was_accepted(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(begin)
    await in_database(make_able, "bob")
    _, offer = await alice.act("s-1", "transfer", {"to_agent": "bob"})
    await bob.post(f"/api/offers/{offer['offer_id']}/accept")
    last = (await lines(bob))[-1]
    assert (last["who"], last["what"], last["why"]) == (BOB, "transferred", "Alice had it before")


async def test_a_hold_and_a_closing(alice: AgentClient) -> None:
    await in_database(begin)
    await alice.act("s-1", "hold", {"until": "2999-01-01T00:00:00Z"})
    await alice.act("s-1", "close", {"reason": "solved"})
    assert [each["why"] for each in (await lines(alice))[-2:]] == ["Until 2999-01-01 00:00 UTC", "solved"]


@pytest.mark.parametrize(
    ("what", "why", "english", "chinese"),
    [
        (What.RESUMED, {"code": "customer_wrote"}, "The customer wrote", "客户发来了消息"),
        (What.EXPIRED, {"to": BOB, "seconds": 20}, "Bob did not answer within 20 s", "Bob 在 20 秒内没有回应"),
        (
            What.WITHDRAWN,
            {"to": BOB, "seconds": 3, "code": "receiver_gone"},
            "Bob is not available any more",
            "Bob 已不再空闲",
        ),
        (What.RELEASED, {}, "", ""),
        (What.RELEASED, {"code": "of a later version"}, "", ""),
    ],
)
async def test_why_is_in_the_readers_language(
    alice: AgentClient, what: What, why: dict[str, Any], english: str, chinese: str
) -> None:
    await in_database(begin)
    await in_database(note, what, why)
    assert (await lines(alice))[-1]["why"] == english
    assert (await lines(alice, **{"Accept-Language": "zh-Hans"}))[-1]["why"] == chinese


async def test_who_may_not_read_the_session_may_not_read_it(bob: AgentClient, carol: AgentClient) -> None:
    await in_database(begin)
    status, content = await bob.read("/api/sessions/s-1/history")
    assert (status, content["error"]["code"]) == (403, "NOT_ASSIGNEE")
    assert len(await lines(carol)) == 2
    assert (await bob.read("/api/sessions/s-2/history"))[0] == 404


async def test_an_agent_who_was_deleted_has_no_name(alice: AgentClient) -> None:
    await in_database(begin, "dora")
    await in_database(finish_and_delete, "dora")
    assert (await lines(alice))[1]["who"] is None


def finish_and_delete(username: str) -> None:
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.release(locked.session, actor=CUSTOMER, now=locked.now)
    User.objects.get(username=username).delete()


async def test_it_costs_as_much_however_long_it_is(alice: AgentClient) -> None:
    """Login, user, session, lines."""
    await in_database(begin)
    await in_database(write_many, 30)
    assert len(await count_queries(lambda: alice.get("/api/sessions/s-1/history"))) == 4


async def test_of_a_very_long_one_the_newest_lines_are_shown(alice: AgentClient) -> None:
    await in_database(begin)
    await in_database(write_many, MAX_LINES)
    found = await lines(alice)
    assert len(found) == MAX_LINES
    assert found[0]["what"] == "offered"


def write_many(count: int) -> None:
    session, agent = ChatSession.objects.get(), make_agent("bob")
    HistoryEntry.objects.bulk_create(
        HistoryEntry(session=session, at=Now(), what=What.OFFERED, by="agent", agent=agent) for _ in range(count)
    )
