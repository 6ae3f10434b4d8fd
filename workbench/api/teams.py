"""Teams: who waits for them, who is there, how they work."""

from collections.abc import Sequence
from typing import Annotated, Literal

from django.db.models import Q
from django.http import HttpRequest
from ninja import Router
from pydantic import Field
from typing_extensions import TypedDict

from chatbot.conversations.bot_rule import RULE_PATTERN
from chatbot.conversations.errors import Forbidden, TeamNotFound
from chatbot.web.bodies import Body, Json
from chatbot.web.json_api import changes, reads
from chatbot.web.schemas import Seconds
from workbench.access.agents import Agent, logged_in_agent
from workbench.actions.change_team import change_team
from workbench.lists.teams import TeamItem, team_items

# Of a number in an address, so that every one is a number for the database, too.
MAX_DIGITS = 18

router = Router(tags=["teams"])


class TeamsJson(TypedDict):
    """All teams, the default one first."""

    items: Sequence[TeamItem]


class TeamChange(Body):
    """What is given is changed. Null switches off `first_reply_seconds` and `vanished_seconds`.

    `bot`: the bot answers first, never, after hours, or (`above:5`) while more than five customers wait.
    """

    assignment: Literal["off", "offer"] = "off"
    offer_seconds: Seconds = 20
    first_reply_seconds: Seconds | None = None
    vanished_seconds: Seconds | None = None
    bot: Annotated[str, Field(pattern=RULE_PATTERN, examples=["first", "above:5"])] = "first"


def check_supervisor(request: HttpRequest, team_id: str) -> Agent:
    """The access of what supervisors do with a team."""
    agent = logged_in_agent(request)
    if not agent.is_supervisor:
        raise Forbidden
    return agent


@router.get("", response=TeamsJson)
@reads(access=logged_in_agent)
def list_teams(request: HttpRequest) -> TeamsJson:
    logged_in_agent(request)
    return {"items": team_items(Q())}


@router.patch("/{team_id}", response=TeamItem)
@changes(TeamNotFound, access=check_supervisor)
def set_up_team(request: HttpRequest, team_id: str, body: Json[TeamChange]) -> TeamItem:
    """For supervisors."""
    agent = check_supervisor(request, team_id)
    if not (team_id.isascii() and team_id.isdigit() and len(team_id) <= MAX_DIGITS):
        raise TeamNotFound
    team = change_team(team_id=int(team_id), agent=agent, settings=body.model_dump(exclude_unset=True))
    return team_items(Q(pk=team.pk))[0]
