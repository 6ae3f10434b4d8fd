"""Every type that is emitted is registered, with the payload that it has."""

import inspect
import json
from typing import Any, get_args, get_type_hints

import pytest
from django.utils import timezone
from pydantic import TypeAdapter

from chatbot.conversations import events
from chatbot.conversations.change import Change
from chatbot.conversations.events import EVENT_TYPES
from chatbot.conversations.events.types import ChannelKind
from chatbot.conversations.teams import default_team
from chatbot.models import AgentState, ChatSession, Message, Offer, OfferEnd, Role, Team
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_agent
from realtime import groups
from realtime.events import check_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> ChatSession:
    return make_session()


@pytest.fixture
def message(session: ChatSession) -> Message:
    return Message.objects.create(session=session, role="bot", content="hi", sender="bot", client_id="c-1")


def emitted(session: ChatSession, message: Message) -> list[events.Outgoing]:
    """One of everything that chatbot/conversations/events/ can build, of the default team and of another one."""
    of_default = emitted_of(session, message)
    session.team = Team.objects.create(name="Billing")
    return [*of_default, *emitted_of(session, message)]


def emitted_of(session: ChatSession, message: Message) -> list[events.Outgoing]:
    return [
        *events.message_delivered(session, role=Role.CUSTOMER, message_id=message.pk, source=events.BOT),
        events.customer_change(session, source=events.BOT),
        *events.typing(session.name, "alice", role=Role.CUSTOMER, active=True, source=events.BOT),
        *events.message_read(session, role=Role.CUSTOMER, message_id=message.pk, source=events.BOT),
        *events.new_message(session, message, source=events.BOT),
        events.message_delta(session, stream="bot-1", index=1, text="Hel"),
        *events.status_change(session, change=Change("closed"), source=events.BOT),
        *events.transfer_request(session, waiting_since=timezone.now(), position=1, source=events.BOT),
        events.customer_presence(session, is_online=True),
        events.queue_update(default_team(), waiting=1, longest_wait_seconds=2),
        *events.session_updated(session, source=events.BOT),
        events.agent_status(AgentState(agent=make_agent("alice")), by=None),
        events.agents_changed(11),
        events.queue_position("s-1", 1, "You are next."),
        *(each for offer in offers_of(session) for each in (*events.transfer_offer(offer), *events.offer_ended(offer))),
    ]


def offers_of(session: ChatSession) -> list[Offer]:
    """One of each end that is told in a way of its own, of a transfer."""
    times = {"made_at": timezone.now(), "expires_at": timezone.now(), "ended_at": timezone.now()}
    agents = {"sender": make_agent("alice"), "receiver": make_agent("bob")}
    ends = (OfferEnd.ACCEPTED, OfferEnd.DECLINED)
    return [Offer(pk=n, session=session, note="why", end=end, **agents, **times) for n, end in enumerate(ends, 1)]


def test_every_type_is_registered(session: ChatSession, message: Message) -> None:
    assert {event.type for _, event in emitted(session, message)} == set(EVENT_TYPES)


def test_every_registered_type_may_be_sent() -> None:
    for name in EVENT_TYPES:
        check_type(name)


def test_payloads_have_the_fields_that_are_registered(session: ChatSession, message: Message) -> None:
    for _, event in emitted(session, message):
        registered = get_type_hints(EVENT_TYPES[event.type].payload)
        assert set(event.payload) <= set(registered), event.type


def test_payloads_are_as_their_types_say_on_each_channel(session: ChatSession, message: Message) -> None:
    for channel, event in emitted(session, message):
        kind = next(each for each in get_args(ChannelKind) if channel.startswith(f"sse_{each}"))
        event_type = EVENT_TYPES[event.type]
        assert kind in event_type.channels, event.type
        payload = event_type.payload_on(kind)
        assert set(event.payload) == set(get_type_hints(payload)), event.type
        TypeAdapter(payload).validate_python(event.payload)


def test_durability_is_as_registered(session: ChatSession, message: Message) -> None:
    for _, event in emitted(session, message):
        assert event.durable == EVENT_TYPES[event.type].durable, event.type


def test_payloads_are_json(session: ChatSession, message: Message) -> None:
    for _, event in emitted(session, message):
        json.dumps(event.payload)


def test_a_customer_sees_no_queue_details(session: ChatSession) -> None:
    sent: list[Any] = events.transfer_request(session, waiting_since=timezone.now(), position=3, source=events.BOT)
    payloads = {channel: set(event.payload) for channel, event in sent}
    assert payloads[groups.session("s-1")] == {"session_name", "waiting_since"}


def test_the_registry_describes_every_type() -> None:
    for name, event_type in EVENT_TYPES.items():
        assert event_type.description, name
        assert inspect.getdoc(event_type.payload), name
