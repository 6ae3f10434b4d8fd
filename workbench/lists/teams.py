"""Teams as agents see them."""

from collections.abc import Sequence

from django.db.models import Q
from typing_extensions import TypedDict

from chatbot.conversations.able_agents import able
from chatbot.conversations.queue import queues
from chatbot.conversations.staffing import count_by_team
from chatbot.conversations.teams import team_key
from chatbot.models import Team


class TeamItem(TypedDict):
    """A team: how many wait, how many of its agents are connected and available, and its settings.

    `first_reply_seconds` and `vanished_seconds` are null where they are off.
    """

    id: int
    name: str
    waiting: int
    available: int
    assignment: str
    offer_seconds: int
    first_reply_seconds: int | None
    vanished_seconds: int | None
    bot: str


def team_items(which: Q) -> Sequence[TeamItem]:
    """These teams, the default one first; four queries for any number."""
    waiting, available = queues(), count_by_team(able())
    return [
        {
            "id": team.pk,
            "name": team.name,
            "waiting": waiting[key].waiting if (key := team_key(team)) in waiting else 0,
            "available": available.get(key, 0),
            "assignment": team.assignment,
            "offer_seconds": team.offer_seconds,
            "first_reply_seconds": team.first_reply_seconds,
            "vanished_seconds": team.vanished_seconds,
            "bot": team.bot,
        }
        for team in Team.objects.filter(which)
    ]
