"""Which team a session waits for, and whose queue an agent serves.

A session's `team` is null for the default team, which always has a row (chatbot/apps.py makes it). An agent who is a
member of no team serves the default one.
"""

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext_noop

from chatbot.models import Team, TeamMember

DEFAULT_TEAM_NAME = gettext_noop("Support")


def default_team() -> Team:
    """The default team's row, made if it is missing; one query."""
    team, _ = Team.objects.get_or_create(is_default=True, defaults={"name": DEFAULT_TEAM_NAME})
    return team


def team_key(team: Team) -> int | None:
    """What a session of this team has as its `team_id`."""
    return None if team.is_default else team.pk


def served_by(user: User) -> Q:
    """Sessions of the teams that an agent serves; one query."""
    memberships = TeamMember.objects.filter(agent=user).values_list("team_id", "team__is_default")
    keys = [None if is_default else pk for pk, is_default in memberships] or [None]
    named = Q(team__in=[key for key in keys if key is not None])
    return named | Q(team=None) if None in keys else named
