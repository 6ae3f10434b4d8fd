"""The teams that a customer may choose from before he asks for a human."""

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from typing_extensions import TypedDict

from chatbot.conversations.able_agents import able
from chatbot.conversations.events import iso
from chatbot.conversations.opening_hours import hours_of
from chatbot.conversations.staffing import count_by_team
from chatbot.conversations.teams import TeamJson, team_json, team_key
from chatbot.customers.api.guards import Anybody
from chatbot.models import Team
from chatbot.web.json_api import anybody, reads

router = Router(tags=["escalation"])


class ChoiceJson(TeamJson):
    """A team that customers may choose: how many of its agents are able to take somebody, and when it opens if not now.

    `opens_at` is null while it is open, and where it does not open within 60 days.
    """

    able: int
    is_open: bool
    opens_at: str | None


class ChoicesJson(TypedDict):
    """Empty where there is nothing to choose."""

    items: list[ChoiceJson]


@router.get("", auth=Anybody(), response=ChoicesJson)
@reads(access=anybody)
def list_choices(request: HttpRequest) -> ChoicesJson:
    """For the page, before a customer asks for a human."""
    now, counts = timezone.now(), count_by_team(able())
    items: list[ChoiceJson] = []
    for team in Team.objects.filter(is_offered_to_customers=True).prefetch_related("hours", "holidays"):
        hours = hours_of(team)
        opens_at = hours.opens_at(now)
        items.append(
            {
                **team_json(team),
                "able": counts.get(team_key(team), 0),
                "is_open": hours.is_open(now),
                "opens_at": iso(opens_at) if opens_at else None,
            }
        )
    return {"items": items}
