"""For every action: the state that a page had and the events it got since are the state that it would fetch."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from harness.clients import AgentClient, CustomerClient, Stream, cookies_of, expect
from harness.programs import wait_until
from harness.services import Product
from tests.faults.conftest import Site
from tests.faults.pages import AgentPage, CustomerPage, Json
from tests.faults.stream import parse_position

PATIENCE_SECONDS = 30.0


@dataclass
class Scene:
    """A customer, two other waiting customers, the agent at work, a colleague and a supervisor."""

    product: Product
    customer: CustomerClient
    alice: AgentClient
    bob: AgentClient
    carol: AgentClient

    @property
    def name(self) -> str:
        return self.customer.session_name

    def escalate(self) -> None:
        expect(202, self.customer.escalate(reason="It does not work."))

    def take_over(self) -> None:
        expect(200, self.alice.take_over(self.name))

    def close(self) -> None:
        expect(200, self.alice.call(self.name, "close"))

    def say(self) -> None:
        expect(201, self.customer.post("Is anybody there?\nI wrote on Monday."))


Act = Callable[[Scene], object]


def cancel(scene: Scene) -> None:
    expect(200, scene.customer.http.post(f"{scene.customer.path}/cancel-escalation", json={}))


def let_bot_answer(scene: Scene) -> None:
    expect(201, scene.customer.post("What are your opening hours?"))
    wait_until("the bot has answered", lambda: scene.customer.fetch()["messages"][-1]["role"] == "bot")


def ask_by_word(scene: Scene) -> None:
    expect(201, scene.customer.post("I want to talk to a human agent"))
    wait_until("it waits", lambda: scene.customer.fetch()["status"] == "pending_manual")


def refused_twice(scene: Scene) -> None:
    assert scene.bob.take_over(scene.name).status_code == 409
    assert scene.customer.escalate().status_code == 409


def repeat_message(scene: Scene) -> None:
    assert [scene.customer.post("Once.", client_id="once").status_code for _ in range(3)] == [201, 200, 200]


def go_the_whole_way(scene: Scene) -> None:
    let_bot_answer(scene)
    for act in (Scene.escalate, Scene.say, Scene.take_over, Scene.say):
        act(scene)
    expect(201, scene.alice.reply(scene.name, "On Friday."))
    expect(200, scene.alice.release(scene.name))
    let_bot_answer(scene)


# What came before, and the action itself.
ACTIONS: dict[str, tuple[list[Act], Act]] = {
    "message to the bot": ([], let_bot_answer),
    "escalate by word": ([], ask_by_word),
    "escalate": ([], Scene.escalate),
    "message while waiting": ([Scene.escalate], Scene.say),
    "cancel": ([Scene.escalate], cancel),
    "take over": ([Scene.escalate], Scene.take_over),
    "another agent takes over": ([Scene.escalate], lambda scene: expect(200, scene.bob.take_over(scene.name))),
    "a supervisor takes away": (
        [Scene.escalate, Scene.take_over],
        lambda scene: expect(200, scene.carol.call(scene.name, "takeover", force=True)),
    ),
    "message to the agent": ([Scene.escalate, Scene.take_over], Scene.say),
    "repeated message": ([Scene.escalate, Scene.take_over], repeat_message),
    "refused calls": ([Scene.escalate, Scene.take_over], refused_twice),
    "reply": ([Scene.escalate, Scene.take_over], lambda scene: expect(201, scene.alice.reply(scene.name, "Hello."))),
    "release": ([Scene.escalate, Scene.take_over], lambda scene: expect(200, scene.alice.release(scene.name))),
    "close": ([Scene.escalate, Scene.take_over], Scene.close),
    "close while waiting": ([Scene.escalate], Scene.close),
    "reopen by writing": ([Scene.escalate, Scene.take_over, Scene.close], let_bot_answer),
    "reopen by escalating": ([Scene.escalate, Scene.take_over, Scene.close], Scene.escalate),
    "the whole way": ([], go_the_whole_way),
}


@pytest.fixture(scope="module")
def colleagues(site: Site) -> Iterator[list[AgentClient]]:
    """bob, and carol, who is a supervisor."""
    product, _ = site.visit("redis")
    with ExitStack() as stack:
        yield [stack.enter_context(AgentClient(product.workbench.url, name)) for name in ("bob", "carol")]


@pytest.fixture
def scene(site: Site, colleagues: list[AgentClient]) -> Iterator[Scene]:
    product, alice = site.visit("redis")
    with ExitStack() as stack:
        others = [stack.enter_context(CustomerClient(product.chatbot.url)) for _ in range(2)]
        for other in others:
            other.create_session()
            expect(202, other.escalate())
        customer = stack.enter_context(CustomerClient(product.chatbot.url))
        customer.create_session()
        yield Scene(product, customer, alice, *colleagues)
        for other in others:
            expect(200, alice.call(other.session_name, "close"))


def settle(stream: Stream, position: str) -> None:
    """Wait until a stream has brought all that a fetched position covers."""
    wanted = parse_position(position)

    def is_there() -> bool:
        reached = parse_position(stream.position or "")
        return all(reached[channel] >= number for channel, number in wanted.items() if channel in reached)

    wait_until(f"the stream has reached {position}", is_there, PATIENCE_SECONDS)


@pytest.mark.parametrize(("before", "act"), ACTIONS.values(), ids=ACTIONS.keys())
def test_customer_page_is_what_it_would_fetch(scene: Scene, before: list[Act], act: Act) -> None:
    for each in before:
        each(scene)
    state = scene.customer.fetch()
    with scene.customer.open_stream(state["position"]) as stream:
        act(scene)
        fresh = scene.customer.fetch()
        settle(stream, fresh["position"])

        def show() -> Json:
            page = CustomerPage.load(state)
            for event in stream.received():
                page.take(event)
            return page.shown()

        expected = CustomerPage.load(fresh).shown()
        shown = show()
        assert without_place(shown) == without_place(expected)
        # the place in the queue is ephemeral, and told at most twice a second
        wait_until(
            "the place is right", lambda: show() == CustomerPage.load(scene.customer.fetch()).shown(), PATIENCE_SECONDS
        )


def without_place(shown: Json) -> Json:
    return {name: value for name, value in shown.items() if name != "queue_position"}


def fetch_agent_page(agent: AgentClient, name: str) -> tuple[AgentPage, str, str]:
    """The page as it loads, with the positions of the queue and of the open conversation."""
    queue = agent.fetch_queue()
    mine = expect(200, agent.http.get("/api/sessions?mine=1&status=manual_live&limit=100"))
    opened = agent.fetch(name)
    return AgentPage.load(agent.username, queue, mine, opened), queue["position"], opened["position"]


@pytest.mark.parametrize(("before", "act"), ACTIONS.values(), ids=ACTIONS.keys())
@pytest.mark.parametrize("reader", ["alice", "carol"])
def test_agent_page_is_what_it_would_fetch(scene: Scene, before: list[Act], act: Act, reader: str) -> None:
    agent: AgentClient = getattr(scene, reader)
    for each in before:
        each(scene)
    page, position, opened_at = fetch_agent_page(agent, scene.name)
    url = f"{agent.url}/api/agent/events?watch={scene.name}"
    with Stream(url, headers=cookies_of(agent.http), position=f"{position},{opened_at}") as stream:
        act(scene)
        if agent.http.get(f"/api/sessions/{scene.name}").status_code == 403:
            return  # taken away: the page shows that it may not read on
        fresh, fresh_position, fresh_opened_at = fetch_agent_page(agent, scene.name)
        settle(stream, f"{fresh_position},{fresh_opened_at}")
        for event in stream.received():
            page.take(event)
        assert page.shown() == fresh.shown()
