"""An offer is a lease on a session: it ends with whatever moves the session on, and those concerned are told how."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from chatbot.conversations import events, lifecycle, offers, reasons
from chatbot.conversations.change import Change
from chatbot.conversations.history import CUSTOMER, agent_actor
from chatbot.conversations.metrics import OFFER_ACCEPTED_SECONDS, OFFERS_ENDED
from chatbot.conversations.offers import Proposal
from chatbot.models import AgentState, ChatSession, HistoryEntry, Offer, OfferEnd, Status
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_agent
from realtime import groups

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def waiting() -> ChatSession:
    return make_session(status=Status.PENDING_MANUAL, waiting_since=NOW)


def live(assignee: str = "alice") -> ChatSession:
    return make_session(status=Status.MANUAL_LIVE, assignee=make_agent(assignee), waiting_since=NOW)


def offer_to(session: ChatSession, receiver: str = "bob", **fields: Any) -> Offer:
    [offer] = offers.make([Proposal(session, make_agent(receiver), 20, **fields)], now=NOW)
    return offer


def told(outgoing: list[events.Outgoing]) -> list[tuple[str, str]]:
    return [(channel, event.type) for channel, event in outgoing]


def lines() -> list[str]:
    return list(HistoryEntry.objects.values_list("what", flat=True))


def take_over_by(username: str) -> Callable[[ChatSession], Change]:
    return lambda session: lifecycle.take_over(session, agent=make_agent(username), now=NOW)


CHANGES_OF_WAITING: list[tuple[Callable[[ChatSession], Change], OfferEnd]] = [
    (take_over_by("bob"), OfferEnd.ACCEPTED),
    (take_over_by("carol"), OfferEnd.TAKEN),
    (lambda session: lifecycle.give_up_waiting(session, actor=CUSTOMER, now=NOW), OfferEnd.WITHDRAWN),
    (lambda session: lifecycle.close(session, actor=CUSTOMER, now=NOW), OfferEnd.WITHDRAWN),
]

CHANGES_OF_LIVE: list[tuple[Callable[[ChatSession], Change], OfferEnd]] = [
    (lambda session: lifecycle.reassign(session, agent=make_agent("bob"), now=NOW), OfferEnd.ACCEPTED),
    (lambda session: lifecycle.reassign(session, agent=make_agent("carol"), now=NOW), OfferEnd.TAKEN),
    (lambda session: lifecycle.requeue(session, actor=CUSTOMER, now=NOW), OfferEnd.WITHDRAWN),
    (lambda session: lifecycle.release(session, actor=CUSTOMER, now=NOW), OfferEnd.WITHDRAWN),
    (lambda session: lifecycle.close(session, actor=CUSTOMER, now=NOW), OfferEnd.WITHDRAWN),
]


@pytest.mark.parametrize(("move", "end"), CHANGES_OF_WAITING)
def test_whatever_moves_a_waiting_session_on_ends_its_offer(
    move: Callable[[ChatSession], Change], end: OfferEnd
) -> None:
    session = waiting()
    offer_to(session)
    change = move(session)
    stored = Offer.objects.get()
    assert (stored.end, stored.ended_at) == (end, NOW)
    assert change.ended_offer == stored
    assert len(lines()) == 2  # the offer, and what ended it


@pytest.mark.parametrize(("move", "end"), CHANGES_OF_LIVE)
def test_whatever_moves_a_live_session_on_ends_its_transfer(
    move: Callable[[ChatSession], Change], end: OfferEnd
) -> None:
    session = live()
    offer_to(session, sender=make_agent("alice"))
    move(session)
    assert Offer.objects.get().end == end


def test_who_took_it_is_told_with_the_offers_end() -> None:
    session = waiting()
    offer_to(session)
    change = take_over_by("carol")(session)
    outgoing = events.status_change(session, change=change, source=events.WORKBENCH)
    channel, event = outgoing[-1]
    assert (channel, event.type) == (groups.agent("bob"), "offer_ended")
    assert (event.payload["reason"], event.payload["agent"]["id"]) == ("taken", "carol")


def test_an_accepted_transfer_is_told_to_both() -> None:
    session = live()
    offer_to(session, sender=make_agent("alice"))
    change = lifecycle.reassign(session, agent=make_agent("bob"), now=NOW)
    outgoing = told(events.status_change(session, change=change, source=events.WORKBENCH))
    expected = [(groups.agent(who), what) for what in ("transfer_accepted", "offer_ended") for who in ("bob", "alice")]
    assert outgoing[2:] == expected


def test_a_transfer_is_never_told_to_the_customer_nor_to_everybody() -> None:
    session = live()
    offer = offer_to(session, sender=make_agent("alice"), note="tired")
    ended = offers.end(offer, OfferEnd.DECLINED, actor=agent_actor(offer.receiver), now=NOW)
    channels = {channel for channel, _ in [*events.transfer_offer(offer), *ended]}
    assert channels == {groups.agent("alice"), groups.agent("bob")}


def test_a_declined_offer_leaves_the_session_as_it_was() -> None:
    session = waiting()
    before = ChatSession.objects.values().get()
    offer = offer_to(session)
    offers.end(offer, OfferEnd.DECLINED, actor=agent_actor(offer.receiver), now=NOW + timedelta(seconds=12))
    assert ChatSession.objects.values().get() == before
    assert lines() == ["offered", "declined"]
    line = HistoryEntry.objects.latest("id")
    assert (line.agent, line.why["seconds"]) == (offer.receiver, 12)


def test_a_session_has_one_open_offer() -> None:
    session = waiting()
    offer_to(session)
    with pytest.raises(IntegrityError), transaction.atomic():
        offer_to(session, "carol")


def test_an_ended_offer_is_in_the_way_of_no_other() -> None:
    session = waiting()
    offer = offer_to(session)
    offers.end(offer, OfferEnd.EXPIRED, actor=CUSTOMER, now=NOW)
    assert offers.open_offer(session) is None
    assert offers.open_offer(session) != offer_to(session, "carol")


@pytest.mark.parametrize(("end", "seconds"), [(OfferEnd.DECLINED, 0), (OfferEnd.ACCEPTED, 12)])
def test_its_end_is_counted(end: OfferEnd, seconds: int, django_capture_on_commit_callbacks: Any) -> None:
    """And if it was accepted, how long that took."""

    def counted() -> tuple[float, float]:
        [metric] = OFFER_ACCEPTED_SECONDS.collect()
        samples = {each.name: each.value for each in metric.samples}
        return OFFERS_ENDED.labels(str(end))._value.get(), samples["chat_offer_accepted_seconds_sum"]

    before = counted()
    session = waiting()
    offer = offer_to(session)
    later = NOW + timedelta(seconds=12)
    with django_capture_on_commit_callbacks(execute=True):
        if end == OfferEnd.ACCEPTED:
            lifecycle.take_over(session, agent=offer.receiver, now=later)
        else:
            offers.end(offer, end, actor=agent_actor(offer.receiver), now=later)
    assert counted() == (before[0] + 1, before[1] + seconds)


def test_a_closed_session_has_nothing_that_could_end(django_assert_num_queries: Any) -> None:
    """A customer's message that reopens it costs what it cost without offers."""
    session = make_session(status=Status.CLOSED)
    with django_assert_num_queries(2):
        lifecycle.reopen(session, now=NOW)


def test_getting_and_losing_a_session_ends_being_idle() -> None:
    earlier = NOW - timedelta(hours=1)
    session = live("alice")
    for name in ("alice", "bob", "carol"):
        AgentState.objects.create(agent=make_agent(name), idle_since=earlier)
    lifecycle.reassign(session, agent=make_agent("bob"), now=NOW)
    idle = dict(AgentState.objects.values_list("agent__username", "idle_since"))
    assert idle == {"alice": NOW, "bob": NOW, "carol": earlier}


# Sentences

ANN, BOB = {"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}
ASSIGNED = {
    "code": "assigned",
    "agent": {"id": "eve", "name": "Eve"},
    "live": 1,
    "capacity": 5,
    "able": 2,
    "before": [{"agent": BOB, "end": "declined", "seconds": 12}],
    "full": [ANN],
}


def test_an_offer_says_why() -> None:
    said = reasons.sentence(ASSIGNED)
    assert said.startswith("Bob declined after 12 s; Ann is at capacity; Eve has the fewest conversations (1 of 5)")


def test_it_says_so_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        said = reasons.sentence(ASSIGNED)
    assert said.startswith("Bob 在 12 秒后谢绝；Ann 已满负荷；在 2 名可接待的客服中")


@pytest.mark.parametrize("why", [{}, {"code": "invented"}, {"reason": "solved"}])
def test_facts_without_a_sentence_say_nothing(why: dict[str, Any]) -> None:
    assert reasons.sentence(why) == ""


def test_facts_of_an_older_version_do_not_fail() -> None:
    assert reasons.sentence({"code": "silent"}) == "– did not answer within – s"
