"""What an agent is offered, and his answer."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chatbot.conversations import offers
from chatbot.conversations.locking import lock_session
from chatbot.conversations.offers import Proposal
from chatbot.models import ChatSession, HistoryEntry, Offer, Status
from chatbot.tests.logged import logged, types_on
from chatbot.tests.people import make_agent
from realtime import groups
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session

Answer = tuple[int, dict[str, Any]]


def offer_session(name: str = "s-1", receiver: str = "alice", **fields: Any) -> int:
    """A waiting session, offered by the queue."""
    add_session(name)
    with transaction.atomic():
        locked = lock_session(name)
        [offer] = offers.make([Proposal(locked.session, make_agent(receiver), 20, **fields)], now=locked.now)
    return offer.pk


def run_out() -> None:
    Offer.objects.update(expires_at=F("made_at"))


async def answer(agent: AgentClient, offer: int | str, verb: str, body: Any = None) -> Answer:
    response = await agent.post(f"/api/offers/{offer}/{verb}", body)
    return response.status_code, json.loads(response.content)


async def test_an_agent_sees_what_he_is_offered(alice: AgentClient, bob: AgentClient) -> None:
    offer = await in_database(offer_session)
    status, content = await alice.read("/api/agent/offers")
    [item] = content["items"]
    assert (status, item["offer_id"], item["session_name"], item["from"]) == (200, offer, "s-1", None)
    assert content["position"]
    assert (await bob.read("/api/agent/offers"))[1]["items"] == []


async def test_an_offer_that_ran_out_is_not_shown(alice: AgentClient) -> None:
    await in_database(offer_session)
    await in_database(run_out)
    assert (await alice.read("/api/agent/offers"))[1]["items"] == []


async def test_who_accepts_has_the_session(alice: AgentClient) -> None:
    offer = await in_database(offer_session)
    status, session = await answer(alice, offer, "accept")
    assert (status, session["status"], session["agent"]["id"]) == (200, "manual_live", "alice")
    assert await in_database(types_on, groups.agent("alice")) == ["offer_ended", "new_message"]
    assert await in_database(lines) == ["offered", "accepted"]


async def test_who_declines_leaves_it_waiting(alice: AgentClient) -> None:
    offer = await in_database(offer_session)
    assert await answer(alice, offer, "decline", {"reason": "lunch"}) == (200, {"offer_id": offer})
    session = await in_database(ChatSession.objects.get)
    assert (session.status, session.version) == (Status.PENDING_MANUAL, 1)
    line = await in_database(HistoryEntry.objects.latest, "id")
    assert (line.what, line.why["reason"]) == ("declined", "lunch")


@pytest.mark.parametrize("verb", ["accept", "decline"])
async def test_an_offer_of_what_somebody_took_is_gone(alice: AgentClient, bob: AgentClient, verb: str) -> None:
    offer = await in_database(offer_session)
    await bob.act("s-1", "takeover")
    status, content = await answer(alice, offer, verb)
    assert (status, content["error"]["code"], content["error"]["agent"]["id"]) == (409, "OFFER_GONE", "bob")
    [ended] = await in_database(logged, groups.agent("alice"))
    assert (ended["type"], ended["payload"]["reason"]) == ("offer_ended", "taken")


@pytest.mark.parametrize("verb", ["accept", "decline"])
async def test_an_offer_whose_time_is_over_is_gone(alice: AgentClient, verb: str) -> None:
    offer = await in_database(offer_session)
    await in_database(run_out)
    before = await in_database(snapshot)
    status, content = await answer(alice, offer, verb)
    assert (status, content["error"]["code"], content["error"]["agent"]) == (409, "OFFER_GONE", None)
    assert await in_database(snapshot) == before


@pytest.mark.parametrize("verb", ["accept", "decline"])
async def test_an_offer_is_answered_once(alice: AgentClient, verb: str) -> None:
    offer = await in_database(offer_session)
    await answer(alice, offer, verb)
    assert (await answer(alice, offer, "accept"))[0] == 409


@pytest.mark.parametrize("verb", ["accept", "decline"])
@pytest.mark.parametrize("offer", ["another's", "0", "x", "9" * 30, "-1"])
async def test_nobody_answers_for_another(alice: AgentClient, bob: AgentClient, verb: str, offer: str) -> None:
    theirs = await in_database(offer_session, receiver="bob")
    status, content = await answer(alice, theirs if offer == "another's" else offer, verb)
    assert (status, content["error"]["code"]) == (404, "OFFER_NOT_FOUND")
    assert (await in_database(Offer.objects.get)).ended_at is None


async def test_an_offer_says_why(alice: AgentClient) -> None:
    why = {
        "code": "assigned",
        "agent": {"id": "alice", "name": "Alice"},
        "live": 0,
        "capacity": 5,
        "able": 1,
        "before": [{"agent": {"id": "bob", "name": "Bob"}, "end": "declined", "seconds": 12}],
        "full": [{"id": "ann", "name": "Ann"}],
    }
    await in_database(offer_session, why=why)
    [item] = (await alice.read("/api/agent/offers"))[1]["items"]
    assert item["why"].startswith("Bob declined after 12 s; Ann is at capacity; Alice has the fewest")


def lines() -> list[str]:
    return list(HistoryEntry.objects.values_list("what", flat=True))


def snapshot() -> list[Any]:
    rows = (ChatSession, Offer, HistoryEntry)
    return [list(model._default_manager.values()) for model in rows]


def test_an_offer_lasts_as_long_as_it_says(transactional_db: None) -> None:
    offer_session()
    offer = Offer.objects.get()
    assert offer.expires_at - offer.made_at == timedelta(seconds=20)
    assert abs(offer.made_at - timezone.now()) < timedelta(minutes=1)
