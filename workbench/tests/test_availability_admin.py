"""Supervisors set how much an agent takes at once, and suggest reasons."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatbot.conversations import agent_states
from chatbot.models import AgentState, Availability, AvailabilityReason
from chatbot.tests.people import make_agent

pytestmark = pytest.mark.django_db(transaction=True)

STATES = "/admin/chatbot/agentstate/"
REASONS = "/admin/chatbot/availabilityreason/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="pass-word-1"))
    return client


def test_a_capacity_is_set_and_nothing_else_is_touched(admin: Client) -> None:
    alice = make_agent("alice")
    agent_states.choose(alice, Availability.BUSY, reason="Call")
    admin.post(f"{STATES}{alice.pk}/change/", {"capacity": "9", "availability": "available", "reason": "x"})
    state = AgentState.objects.get()
    assert (state.capacity, state.availability, state.reason) == (9, "busy", "Call")


def test_a_choice_made_while_the_form_was_open_stays(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = make_agent("alice")
    agent_states.choose(alice, Availability.AVAILABLE)
    save = AgentState.save

    def choose_and_save(state: AgentState, **options: object) -> None:
        AgentState.objects.update(availability=Availability.AWAY)
        save(state, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(AgentState, "save", choose_and_save)
    admin.post(f"{STATES}{alice.pk}/change/", {"capacity": "9"})
    state = AgentState.objects.get()
    assert (state.capacity, state.availability) == (9, "away")


def test_an_agent_who_has_never_come_gets_a_capacity(admin: Client) -> None:
    alice = make_agent("alice")
    admin.post(f"{STATES}add/", {"agent": alice.pk, "capacity": "2"})
    assert AgentState.objects.get().capacity == 2


@pytest.mark.parametrize("capacity", ["-1", "many", ""])
def test_what_is_no_capacity_is_refused(admin: Client, capacity: str) -> None:
    alice = make_agent("alice")
    agent_states.choose(alice, Availability.AVAILABLE)
    response = admin.post(f"{STATES}{alice.pk}/change/", {"capacity": capacity})
    assert response.context["adminform"].form.errors["capacity"]


def test_a_state_cannot_be_deleted(admin: Client) -> None:
    alice = make_agent("alice")
    agent_states.choose(alice, Availability.AVAILABLE)
    assert admin.post(f"{STATES}{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_list_costs_the_same_for_any_number_of_agents(admin: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(STATES).status_code == 200
        return len(captured)

    agent_states.choose(make_agent("agent-0"), Availability.BUSY)
    one = count()
    for n in range(1, 30):
        agent_states.choose(make_agent(f"agent-{n}"), Availability.BUSY)
    assert count() == one


def test_a_reason_is_added_once(admin: Client) -> None:
    for _ in range(2):
        response = admin.post(f"{REASONS}add/", {"availability": "away", "text": "Lunch"})
    assert AvailabilityReason.objects.count() == 1
    assert "exists" in response.content.decode()
