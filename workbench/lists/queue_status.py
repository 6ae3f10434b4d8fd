"""How each team's queue stands at this moment."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count

from chatbot.conversations.able_agents import able, connected
from chatbot.conversations.queue import queues
from chatbot.conversations.staffing import count_by_team, known_agents
from chatbot.conversations.teams import team_key
from chatbot.models import ChatSession, Offer, Status, Team


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Of a team; `able` agents are connected and available, `longest_wait` is None where nobody waits."""

    team: str
    waiting: int
    longest_wait: timedelta | None
    able: int
    connected: int
    live: int
    offers: int


def queue_statuses() -> list[QueueStatus]:
    """All teams, the default one first; nine queries for any number."""
    waiting, are_able = queues(), count_by_team(able())
    here = count_by_team(known_agents().filter(agent__in=connected()))
    live = _count(ChatSession.objects.filter(status=Status.MANUAL_LIVE).values_list("team").annotate(Count("pk")))
    offers = _count(Offer.objects.filter(ended_at=None).values_list("session__team").annotate(Count("pk")))
    return [
        QueueStatus(
            team=str(team),
            waiting=waiting[key].waiting if (key := team_key(team)) in waiting else 0,
            longest_wait=waiting[key].longest_wait if key in waiting else None,
            able=are_able.get(key, 0),
            connected=here.get(key, 0),
            live=live[key],
            offers=offers[key],
        )
        for team in Team.objects.all()
    ]


def _count(rows: Iterable[tuple[int | None, int]]) -> Mapping[int | None, int]:
    return Counter(dict(rows))
