"""docs/operations.md is complete, and what it tells to do works."""

import re
from pathlib import Path

import pytest
from django.db import connection
from prometheus_client import REGISTRY

from realtime import api, log
from realtime.delivery.opening import _start
from realtime.delivery.replay import PART_BYTES
from realtime.groups import BROADCAST

DOCUMENT = Path(__file__).resolve().parent.parent / "docs/operations.md"
OURS = ("sse_", "chat_")


def metric_names() -> set[str]:
    """Our metrics as Prometheus shows them."""
    families = [family for family in REGISTRY.collect() if family.name.startswith(OURS)]
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def run_documented_statement() -> None:
    """Do what the document says to do after a restore."""
    [statement] = re.findall(r"^```sql\n(.*?)```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_metric_is_documented() -> None:
    assert metric_names() - set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)) == set()


def test_every_documented_metric_exists() -> None:
    documented = set(re.findall(rf"`((?:{'|'.join(OURS)})\w+)`", DOCUMENT.read_text()))
    assert documented - metric_names() == set()


@pytest.mark.django_db
def test_after_a_restore_every_old_position_is_reset() -> None:
    """The log went back from 5 to 3; without more, the number 4 would be given out twice."""
    for _ in range(3):
        api.broadcast("tick", {})
    run_documented_statement()
    following = api.broadcast("tick", {})
    head = log.heads([BROADCAST])[BROADCAST]
    resets = [_start(number, head).reset for number in range(1, 6)]
    assert resets == [True] * 5
    assert log.heads([BROADCAST])[BROADCAST].last == following == 1_000_004


@pytest.mark.django_db
def test_after_a_restore_a_fresh_position_is_followed_without_reset() -> None:
    api.broadcast("tick", {})
    run_documented_statement()
    position = log.heads([BROADCAST])[BROADCAST].last
    following = api.broadcast("tick", {})
    start = _start(position, log.heads([BROADCAST])[BROADCAST])
    assert not start.reset
    assert start.upto == following
    assert [event.number for event in log.read_part(BROADCAST, start.after, PART_BYTES)] == [following]
