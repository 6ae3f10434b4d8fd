"""`/metrics`: who may read it, and what it reads from the database."""

from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from realtime import api, metrics
from realtime.database import in_database
from realtime.log import retention
from realtime.models import LoggedEvent

pytestmark = pytest.mark.django_db(transaction=True)


def value_of(answer: HttpResponse, name: str) -> float:
    """The value of a metric without labels."""
    samples = (each for family in text_string_to_metric_families(answer.content.decode()) for each in family.samples)
    [value] = [sample.value for sample in samples if sample.name == name]
    return value


async def scrape(**headers: str) -> HttpResponse:
    answer = await AsyncClient().get("/metrics", headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


async def test_the_size_of_the_log_is_shown() -> None:
    for _ in range(3):
        await api.asend_to_session("s-1", "tick", {})
    assert value_of(await scrape(), "sse_log_events") == 3


async def test_an_empty_log_has_no_size_and_no_age() -> None:
    answer = await scrape()
    assert (value_of(answer, "sse_log_events"), value_of(answer, "sse_log_oldest_seconds")) == (0, 0)


async def test_the_age_of_the_log_is_that_of_its_oldest_event() -> None:
    await api.asend_to_session("s-1", "tick", {})
    await in_database(LoggedEvent.objects.update, created_at=Now() - timedelta(days=1))
    await api.asend_to_session("s-1", "tick", {})
    assert 86_400 <= value_of(await scrape(), "sse_log_oldest_seconds") < 86_460


async def test_metrics_are_shown_without_the_database() -> None:
    with mock.patch("realtime.log.retention.LoggedEvent.objects") as objects:
        objects.order_by.side_effect = OperationalError("away")
        answer = await scrape()
    assert (answer.status_code, value_of(answer, "sse_database_up")) == (200, 0)


async def test_metrics_are_not_for_who_comes_through_a_proxy() -> None:
    assert (await scrape(x_forwarded_for="10.0.0.1")).status_code == 404


@pytest.mark.parametrize(("token", "status"), [("right", 200), ("wrong", 404)])
async def test_a_token_opens_the_metrics(settings: Settings, token: str, status: int) -> None:
    settings.METRICS_TOKEN = "right"
    answer = await scrape(authorization=f"Bearer {token}", x_forwarded_for="10.0.0.1")
    assert answer.status_code == status


def test_a_reader_is_registered_once() -> None:
    with mock.patch.object(metrics, "_readers", []):
        metrics.read_at_scrape(retention.measure_log)
        metrics.read_at_scrape(retention.measure_log)
        assert metrics._readers == [retention.measure_log]
