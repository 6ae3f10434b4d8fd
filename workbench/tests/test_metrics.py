"""The gauges of agents, and what goes back to the queue."""

import pytest

from chatbot.conversations import metrics
from chatbot.models import Status
from realtime.database import in_database
from workbench.tests.ableness import make_able
from workbench.tests.agent import AgentClient, add_session

pytestmark = pytest.mark.django_db


def agents_by_state() -> dict[str, float]:
    [metric] = metrics.AGENTS.collect()
    return {sample.labels["state"]: sample.value for sample in metric.samples}


def test_agents_are_counted_by_what_they_could_do() -> None:
    make_able("alice")
    make_able("bob", capacity=1)
    make_able("carol", able_since=None)
    add_session("s-1", Status.MANUAL_LIVE, "bob")
    metrics.measure()
    assert agents_by_state() == {"connected": 3, "available": 2, "able": 1}


async def test_what_goes_back_to_the_queue_is_counted(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    counter = metrics.REQUEUES.labels("requeued")
    before = counter._value.get()
    assert (await alice.act("s-1", "requeue"))[0] == 200
    assert (await alice.act("s-1", "requeue"))[0] == 409
    assert counter._value.get() == before + 1
