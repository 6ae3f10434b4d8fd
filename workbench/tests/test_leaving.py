"""Who leaves hands his conversations back, or they are taken from him: reports can tell when, and why."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from chatbot.models import HistoryEntry, SessionInterval, Status
from chatbot.tests.people import hand_over_to
from realtime.database import in_database
from workbench.assignment.stranded import requeue_sessions_of
from workbench.tests.agent import AgentClient, add_session


def give_to_alice() -> None:
    add_session(status=Status.BOT_ACTIVE)
    hand_over_to("s-1", "alice")


def last_line() -> tuple[str, str, str | None, Any]:
    line = HistoryEntry.objects.select_related("agent").latest("id")
    return line.what, line.by, line.agent.username if line.agent else None, line.why


def phases() -> list[tuple[str, str | None, bool]]:
    """Each interval with its agent, and whether it is over."""
    rows = SessionInterval.objects.order_by("id").values_list("phase", "agent__username", "ended_at")
    return [(phase, agent, ended is not None) for phase, agent, ended in rows]


SERVED = [("waiting", None, True), ("live", "alice", True), ("waiting", None, False)]


async def test_who_hands_back_before_he_logs_out(alice: AgentClient) -> None:
    await in_database(give_to_alice)
    assert (await alice.act("s-1", "requeue"))[0] == 200
    assert (await alice.client.post("/logout/")).status_code == 302
    assert await in_database(last_line) == ("requeued", "agent", "alice", {})
    assert await in_database(phases) == SERVED


async def test_who_keeps_them_still_has_them(alice: AgentClient) -> None:
    await in_database(give_to_alice)
    await alice.client.post("/logout/")
    assert await in_database(phases) == [("waiting", None, True), ("live", "alice", False)]


@pytest.mark.parametrize("times", [1, 2])
async def test_who_is_deactivated_loses_them_once(alice: AgentClient, times: int) -> None:
    await in_database(give_to_alice)
    await in_database(User.objects.filter(username="alice").update, is_active=False)
    for _ in range(times):
        await in_database(requeue_sessions_of, [alice.agent.user.pk])
    assert await in_database(last_line) == ("requeued", "system", None, {"code": "deactivated"})
    assert await in_database(phases) == SERVED
