"""The gauges of conversations, as they stand in the database."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from chatbot.conversations import metrics
from chatbot.models import BotTurn, ChatSession, Message, Status
from chatbot.tests.customer import make_session

pytestmark = pytest.mark.django_db


def put_into_queue(name: str, waiting: timedelta) -> None:
    make_session(name)
    ChatSession.objects.filter(name=name).update(status=Status.PENDING_MANUAL, waiting_since=Now() - waiting)


def value_of(gauge: object) -> float:
    [metric] = gauge.collect()  # type: ignore[attr-defined]
    value: float = metric.samples[0].value
    return value


def test_queue_is_measured_by_its_length_and_longest_wait() -> None:
    put_into_queue("s-1", timedelta(seconds=10))
    put_into_queue("s-2", timedelta(seconds=90))
    metrics.measure()
    assert value_of(metrics.QUEUE_WAITING) == 2
    assert 90 <= value_of(metrics.QUEUE_LONGEST_WAIT_SECONDS) < 120


def test_empty_queue_has_no_wait() -> None:
    put_into_queue("s-1", timedelta(seconds=10))
    metrics.measure()
    ChatSession.objects.update(status=Status.BOT_ACTIVE)
    metrics.measure()
    assert (value_of(metrics.QUEUE_WAITING), value_of(metrics.QUEUE_LONGEST_WAIT_SECONDS)) == (0, 0)


def test_live_conversations_are_counted() -> None:
    make_session("s-1")
    ChatSession.objects.update(status=Status.MANUAL_LIVE)
    metrics.measure()
    assert value_of(metrics.LIVE) == 1


def test_an_answer_that_nobody_works_on_is_counted() -> None:
    owner = make_session("s-1")
    for n, lease in enumerate([timedelta(seconds=-5), timedelta(seconds=5), timedelta(hours=1)]):
        message = Message.objects.create(session=owner, role="customer", sender="c", content="?", client_id=str(n))
        BotTurn.objects.create(message=message, lease_until=Now() + lease)
    metrics.measure()
    assert value_of(metrics.BOT_TURNS_EXPIRED) == 2  # one of them is from before the clock was set back
