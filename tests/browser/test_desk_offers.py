"""Offers, transfers, hold and availability, as agents see them."""

import re

import pytest
from playwright.sync_api import expect

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import wait_until
from harness.services import Product
from tests.browser.conftest import Logins, People
from tests.browser.pages import PATIENCE_SECONDS, Gate, WorkbenchPage

OFFER_SECONDS = 600  # none runs out


def choose(agent: AgentClient, availability: str) -> None:
    answer = agent.http.put(
        "/api/agent/availability", json={"availability": availability}, headers={"X-CSRFToken": agent.csrf_token}
    )
    expect_answer(200, answer)


def set_assignment(supervisor: AgentClient, assignment: str) -> None:
    [team] = expect_answer(200, supervisor.http.get("/api/teams"))["items"]
    body = {"assignment": assignment, "offer_seconds": OFFER_SECONDS}
    expect_answer(
        200,
        supervisor.http.patch(f"/api/teams/{team['id']}", json=body, headers={"X-CSRFToken": supervisor.csrf_token}),
    )


@pytest.fixture
def away(product: Product, logins: Logins) -> dict[str, AgentClient]:
    """Agents to whom nothing is offered: pages that earlier tests closed count for half a minute more."""
    agents = {name: logins.log_in(product, name) for name in ("alice", "bob", "carol")}
    for agent in agents.values():
        choose(agent, "away")
    return agents


@pytest.fixture
def offering(away: dict[str, AgentClient]) -> dict[str, AgentClient]:
    """The team offers; all agents are away."""
    set_assignment(away["carol"], "offer")
    return away


def wait_connected(agent: AgentClient, who: str) -> None:
    """A page that is opened is noted within a second."""

    def is_connected() -> bool:
        items = expect_answer(200, agent.http.get("/api/agents"))["items"]
        return any(each["id"] == who and each["connected"] for each in items)

    wait_until(f"{who} is connected", is_connected, PATIENCE_SECONDS)


def expect_offer(workbench: WorkbenchPage, *texts: str) -> None:
    card = workbench.locate("#offer .offer")
    expect(card).to_be_visible()
    for text in texts:
        expect(card).to_contain_text(text)


def test_an_offer_says_why_and_is_accepted_by_a_key(
    people: People, offering: dict[str, AgentClient], customer: CustomerClient
) -> None:
    expect_answer(201, customer.post("Where is my parcel?"))
    workbench = people.agent("alice")
    choose(offering["alice"], "available")
    expect_answer(202, customer.escalate())
    expect_offer(workbench, "Where is my parcel?", "Alice")
    expect(workbench.locate(".countdown")).to_contain_text(re.compile(r"\d"))
    workbench.page.keyboard.press("a")
    expect(workbench.mine(customer.session_name)).to_be_visible()
    expect(workbench.locate("#text")).to_be_focused()
    expect(workbench.locate("#offer .offer")).to_have_count(0)
    workbench.locate(".history summary").click()
    expect(workbench.locate(".history li").last).to_contain_text("You accepted the offer")


def test_what_one_declines_is_offered_to_the_next(
    people: People, offering: dict[str, AgentClient], customer: CustomerClient
) -> None:
    alice, bob = people.agent("alice"), people.agent("bob")
    choose(offering["alice"], "available")
    expect_answer(202, customer.escalate())
    expect_offer(alice)
    choose(offering["bob"], "available")
    alice.locate("#decline-offer").click()
    expect(alice.locate("#offer .offer")).to_have_count(0)
    expect_offer(bob, "Alice declined")
    bob.locate("#accept-offer").click()
    expect(bob.mine(customer.session_name)).to_be_visible()


def test_who_is_faster_ends_the_offer(
    people: People, offering: dict[str, AgentClient], customer: CustomerClient
) -> None:
    workbench = people.agent("alice")
    choose(offering["alice"], "available")
    expect_answer(202, customer.escalate())
    expect_offer(workbench)
    expect_answer(200, offering["bob"].take_over(customer.session_name))
    expect(workbench.locate("#offer .offer")).to_have_count(0)
    expect(workbench.locate("#said")).to_contain_text("Bob took")


def test_a_conversation_is_passed_on_with_a_note(
    people: People, away: dict[str, AgentClient], customer: CustomerClient
) -> None:
    expect_answer(202, customer.escalate())
    alice, bob = people.agent("alice"), people.agent("bob")
    choose(away["bob"], "available")
    wait_connected(away["alice"], "bob")
    alice.take_over(customer.session_name)
    alice.locate("#transfer").click()
    alice.locate(".pick").filter(has_text="Bob").click()
    alice.locate("#transfer-note").fill("Second broken cup")
    alice.locate(".transfer [type=submit]").click()
    expect(alice.locate("#said")).to_contain_text("stays with you until it is accepted")
    expect_offer(bob, "Second broken cup")
    bob.locate("#accept-offer").click()
    expect(bob.mine(customer.session_name)).to_be_visible()
    expect(alice.mine(customer.session_name)).to_have_count(0)
    expect(alice.locate("#elsewhere")).to_contain_text("Only Bob and supervisors")


def test_a_transfer_that_is_declined_leaves_the_conversation(
    people: People, away: dict[str, AgentClient], customer: CustomerClient
) -> None:
    expect_answer(202, customer.escalate())
    alice, bob = people.agent("alice"), people.agent("bob")
    choose(away["bob"], "available")
    wait_connected(away["alice"], "bob")
    alice.take_over(customer.session_name)
    alice.locate("#transfer").click()
    alice.locate(".pick").filter(has_text="Bob").click()
    alice.page.keyboard.press("Enter")
    expect_offer(bob)
    bob.locate("#decline-offer").click()
    expect(alice.locate("#said")).to_contain_text("Bob declined")
    expect(alice.mine(customer.session_name)).to_be_visible()


def test_nobody_who_could_take_it_is_said_so(
    people: People, away: dict[str, AgentClient], customer: CustomerClient
) -> None:
    expect_answer(202, customer.escalate())
    workbench = people.agent("alice")
    workbench.take_over(customer.session_name)
    workbench.locate("#transfer").click()
    expect(workbench.locate("#transfer-dialog")).to_contain_text("Not listed:")
    expect(workbench.locate(".pick").filter(has_text="Bob")).to_have_count(0)
    expect(workbench.locate(".transfer [type=submit]")).to_be_disabled()
    workbench.page.keyboard.press("Escape")
    expect(workbench.locate("#transfer-dialog")).to_be_hidden()


def test_a_choice_and_its_reason_survive_a_reload(people: People, away: dict[str, AgentClient]) -> None:
    workbench = people.agent("alice")
    gate = Gate(workbench.page, "**/api/agent/availability", times=1)
    workbench.locate(".account summary").click()
    workbench.locate("[data-choice=busy]").click()
    gate.wait_for_one()
    workbench.locate("#away-reason").fill("Training")
    workbench.page.keyboard.press("Enter")
    expect(workbench.locate("#away-reason")).to_have_count(0)
    workbench.page.wait_for_timeout(200)  # the choice without its reason would come last, if the page let it
    gate.open()
    expect(workbench.locate("#own-state")).to_contain_text("Training")
    workbench.page.reload()
    expect(workbench.locate("#own-state")).to_contain_text("Training")
    wait_connected(away["bob"], "alice")
    [alice] = [each for each in away["bob"].http.get("/api/agents").json()["items"] if each["id"] == "alice"]
    assert (alice["availability"], alice["reason"], alice["connected"]) == ("busy", "Training", True)


def test_what_is_on_hold_stands_apart_until_the_customer_writes(
    people: People, away: dict[str, AgentClient], customer: CustomerClient
) -> None:
    expect_answer(202, customer.escalate())
    workbench = people.agent("alice")
    workbench.take_over(customer.session_name)
    workbench.locate("#hold").click()
    expect(workbench.locate("#mine .sub")).to_contain_text("On hold")
    expect(workbench.locate("#hold")).to_contain_text("Resume")
    expect_answer(201, customer.post("Are you there?"))
    expect(workbench.locate("#mine .sub")).to_have_count(0)
    expect(workbench.locate("#hold")).to_contain_text("Hold")


def test_a_hold_ends_at_its_time(people: People, customer: CustomerClient) -> None:
    expect_answer(202, customer.escalate())
    workbench = people.agent("alice")
    workbench.take_over(customer.session_name)
    workbench.from_menu("hold-until")
    workbench.locate("#hold-moment").fill("2020-01-01T09:00")
    workbench.locate("#hold-dialog [type=submit]").click()
    expect(workbench.locate("#hold-dialog .error-text")).to_contain_text("in the future")
    workbench.locate("#hold-moment").fill("2999-01-01T09:00")
    workbench.locate("#hold-dialog [type=submit]").click()
    expect(workbench.locate("#hold-dialog")).to_be_hidden()
    expect(workbench.locate("#mine .sub")).to_contain_text("On hold")
    expect(workbench.locate("#details-list")).to_contain_text("2999")
