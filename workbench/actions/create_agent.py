"""Somebody begins to work here."""

from collections.abc import Sequence

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from chatbot.models import AgentState, Team, TeamMember
from realtime import groups
from workbench.access.agents import SUPERVISORS

MAX_CAPACITY = 1_000


class CannotCreate(Exception):
    """Says what is wrong; nothing was changed."""


def create_agent(
    *,
    username: str,
    password: str,
    name: str = "",
    is_supervisor: bool = False,
    teams: Sequence[str] = (),
    capacity: int | None = None,
) -> User:
    """Create an agent, in the teams of these names; in none, he serves the default team. Raises CannotCreate."""
    check_username(username)
    members_of = _find_teams(teams)
    if capacity is not None and not 0 <= capacity <= MAX_CAPACITY:
        raise CannotCreate(f"A capacity is a number from 0 to {MAX_CAPACITY}, not {capacity}.")
    user = User(username=username, first_name=name)
    _check(user, password)
    user.set_password(password)  # before the transaction: a hash takes a while, for which others would wait
    with transaction.atomic():
        if User.objects.filter(username=username).exists():
            raise _exists(username)
        user.save(force_insert=True)
        if is_supervisor:
            user.groups.add(Group.objects.get_or_create(name=SUPERVISORS)[0])
        TeamMember.objects.bulk_create(TeamMember(team=team, agent=user) for team in members_of)
        if capacity is not None:
            AgentState.objects.create(agent=user, capacity=capacity)
    return user


def check_username(username: str) -> None:
    """Raise CannotCreate unless an agent can be called so and none is."""
    if not groups.is_valid_name(username):
        raise CannotCreate(f"Use 1 to 64 of the characters A-Z a-z 0-9 _ . - for a username, not {username!r}.")
    if User.objects.filter(username=username).exists():
        raise _exists(username)


def _exists(username: str) -> CannotCreate:
    return CannotCreate(f"There is a user {username} already; nothing was changed.")


def _find_teams(names: Sequence[str]) -> list[Team]:
    known = {team.name: team for team in Team.objects.all()}
    if unknown := [name for name in names if name not in known]:
        raise CannotCreate(f"There is no team {', '.join(unknown)}. There are: {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names)]


def _check(user: User, password: str) -> None:
    try:
        user.full_clean(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise CannotCreate(" ".join(error.messages)) from None
