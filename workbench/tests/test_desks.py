"""A desk that closes may come back within the grace; who has logged out or may not come back is gone at once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import AsyncClient

from chatbot.conversations import agent_presence
from chatbot.conversations.presence_keeper import HOLD_SECONDS, PresenceKeeper
from chatbot.models import AgentInterval, AgentPresence
from chatbot.tests.database import count_queries
from realtime import groups
from realtime.database import in_database
from realtime.groups import Channel
from realtime.stream.request import StreamRequest
from workbench.presence.keeping import GRACE_SECONDS, DeskKeeper, Logins, logins_of
from workbench.tests.agent import AgentClient

Clock = list[float]


@pytest.fixture
def clock() -> Clock:
    return [100.0]


@pytest.fixture
def keeper(clock: Clock) -> DeskKeeper:
    return DeskKeeper(PresenceKeeper(agent_presence.change, GRACE_SECONDS, "p-1", lambda: clock[0]))


def login_of(agent: AgentClient) -> str:
    return agent.client.cookies[settings.SESSION_COOKIE_NAME].value


def desk(agent: AgentClient, *logins: str) -> Logins:
    return {agent.agent.id: set(logins or [login_of(agent)])}


def here() -> list[str]:
    return list(AgentPresence.objects.values_list("agent__username", flat=True))


async def test_a_desk_that_closes_has_its_grace(alice: AgentClient, keeper: DeskKeeper, clock: Clock) -> None:
    await keeper.look(desk(alice))
    await keeper.look({})
    clock[0] += GRACE_SECONDS - 0.1
    await keeper.look({})
    assert await in_database(here) == ["alice"]
    clock[0] += 0.1
    await keeper.look({})
    assert await in_database(here) == []


async def log_out(agent: AgentClient) -> None:
    assert (await agent.client.post("/logout/")).status_code == 302


async def deactivate(agent: AgentClient) -> None:
    await in_database(User.objects.filter(username=agent.agent.id).update, is_active=False)


async def change_password(agent: AgentClient) -> None:
    await in_database(User.objects.filter(username=agent.agent.id).update, password="another")


@pytest.mark.parametrize("leave", [log_out, deactivate, change_password])
async def test_who_may_not_come_back_is_gone_at_once(
    alice: AgentClient, keeper: DeskKeeper, leave: Callable[[AgentClient], Any]
) -> None:
    open_desk = desk(alice)
    await keeper.look(open_desk)
    await leave(alice)
    await keeper.look(open_desk)  # the stream ends a moment later
    await keeper.look({})
    assert await in_database(here) == []
    states = AgentInterval.objects.order_by("id").values_list("state", flat=True)
    assert await in_database(lambda: list(states)) == ["available", "offline"]


async def test_who_logs_out_in_one_browser_stays_in_the_other(alice: AgentClient, keeper: DeskKeeper) -> None:
    other = AsyncClient()
    await in_database(other.force_login, alice.agent.user)
    key = other.cookies[settings.SESSION_COOKIE_NAME].value
    await keeper.look(desk(alice, login_of(alice), key))
    await log_out(alice)
    await keeper.look(desk(alice, key))
    await keeper.look({})
    assert await in_database(here) == ["alice"]


async def test_what_stays_open_costs_nothing_and_a_grace_two_queries(
    alice: AgentClient, keeper: DeskKeeper, clock: Clock
) -> None:
    await keeper.look(desk(alice))
    assert await count_queries(lambda: keeper.look(desk(alice))) == []
    assert len(await count_queries(lambda: keeper.look({}))) == 2
    clock[0] += HOLD_SECONDS + GRACE_SECONDS
    await keeper.look({})
    assert await count_queries(lambda: keeper.look({})) == []


def test_a_desk_is_known_by_its_channel_and_its_login() -> None:
    def grants() -> Iterator[tuple[StreamRequest, tuple[Channel, ...]]]:
        for login in ("l-1", "l-2"):
            request = StreamRequest(kwargs={}, cookies={settings.SESSION_COOKIE_NAME: login}, headers={}, query={})
            yield request, (groups.agent("alice"), groups.BROADCAST, groups.session("s-1"))

    assert logins_of(grants()) == {"alice": {"l-1", "l-2"}}
