"""What happens to a session is told to the agents of its team, and to nobody else's."""

import pytest
from django.utils import timezone

from chatbot.conversations import events
from chatbot.conversations.change import Change
from chatbot.conversations.events import Outgoing
from chatbot.models import ChatSession, Team
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_team
from realtime import groups

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return make_team()


def desk_events(session: ChatSession) -> list[Outgoing]:
    """What agents hear of a session that nobody has."""
    sent = [
        *events.status_change(session, change=Change("bot_active"), source=events.BOT),
        *events.transfer_request(session, waiting_since=timezone.now(), position=1, source=events.BOT),
        events.customer_change(session, source=events.BOT),
        events.customer_presence(session, is_online=True),
        *events.session_updated(session, source=events.BOT),
    ]
    return [(channel, event) for channel, event in sent if channel != groups.session(session.name)]


def test_sessions_of_the_default_team_are_told_to_everybody() -> None:
    assert [channel for channel, _ in desk_events(make_session())] == [groups.BROADCAST] * 5


def test_sessions_of_another_team_are_told_there_alone(team: Team) -> None:
    channels = [channel for channel, _ in desk_events(make_session(team=team))]
    assert channels == [groups.channel("team", str(team.pk))] * 5


def test_a_session_that_moved_is_told_of_in_both_teams(team: Team) -> None:
    session = make_session(team=team)
    sent = events.session_updated(session, source=events.BOT, former_desk=groups.BROADCAST)
    assert {channel for channel, _ in sent} == {groups.BROADCAST, groups.channel("team", str(team.pk))}
    assert {event.payload["team"]["name"] for _, event in sent} == {team.name}
