"""What is true for who waits for a team, so that nobody waits for nobody without being told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop, ngettext
from typing_extensions import TypedDict

from chatbot.conversations.able_agents import able
from chatbot.conversations.events.base import iso
from chatbot.conversations.opening_hours import Hours, hours_of, read_hours
from chatbot.conversations.places import Place
from chatbot.conversations.staffing import count_by_team, count_in_team, known_agents
from chatbot.conversations.teams import team_key
from chatbot.conversations.transcript import Notice
from chatbot.models import Team

ASKED = gettext_noop("An agent has been asked to join. You can keep writing while you wait.")

CLOSED_UNTIL = gettext_noop(
    "Our team is closed at the moment and opens on {opening}. You can wait, go on with the assistant, or leave an "
    "e-mail address."
)

CLOSED = gettext_noop(
    "Our team is closed at the moment. You can wait, go on with the assistant, or leave an e-mail address."
)

NOBODY = gettext_noop(
    "Nobody of our team is available at the moment. You can wait, go on with the assistant, or leave an e-mail address."
)


# Django's letters: weekday, day, month.
DAY_FORMAT = gettext_noop("l, j F")


class QueueJson(TypedDict):
    """For who waits: of `agents` in the team so many are `able` to take somebody, connected and available.

    Agents who have never opened the desk are not counted. `opens_at` is null while the team is open, and where it does
    not open within 60 days. `why` says it in the customer's language.
    `minutes` are how long customers have lately waited, from and to; null where too few have.
    """

    able: int
    agents: int
    is_open: bool
    opens_at: str | None
    why: str
    minutes: list[int] | None


@dataclass(frozen=True, slots=True)
class Staffing:
    """Who is there for a team's customers; `opens_at` is null while it is open, or closed for long."""

    zone: tzinfo
    able: int
    agents: int
    is_open: bool
    opens_at: datetime | None


def staffing_of(team: Team, *, now: datetime) -> Staffing:
    """Two queries, three for a team with opening hours."""
    here, known = count_in_team(team_key(team))
    return _staffing(read_hours(team), here, known, now)


def staffing_by_team(*, now: datetime) -> Mapping[int | None, Staffing]:
    """Of all teams, by the `team_id` of their sessions; seven queries."""
    here, known = count_by_team(able()), count_by_team(known_agents())
    teams = {team_key(team): team for team in Team.objects.prefetch_related("hours", "holidays")}
    return {key: _staffing(hours_of(team), here.get(key, 0), known.get(key, 0), now) for key, team in teams.items()}


def _staffing(hours: Hours, here: int, known: int, now: datetime) -> Staffing:
    return Staffing(hours.zone, here, known, hours.is_open(now), hours.opens_at(now))


def queue_json(staffing: Staffing, *, place: Place, language: str, minutes: list[int] | None) -> QueueJson:
    return {
        "able": staffing.able,
        "agents": staffing.agents,
        "is_open": staffing.is_open,
        "opens_at": iso(staffing.opens_at) if staffing.opens_at else None,
        "why": why_waiting(staffing, place=place, language=language),
        "minutes": minutes,
    }


def why_waiting(staffing: Staffing, *, place: Place, language: str) -> str:
    """Why a customer waits, from his place and who is there: "2 of 5 agents are here, 3 before you."."""
    with translation.override(language):
        ahead, there = _who_is_ahead(place), _who_is_there(staffing)
        sentence = gettext("{there}, {ahead}.").format(there=there, ahead=ahead)
        return sentence[0].upper() + sentence[1:]


def _who_is_ahead(place: Place) -> str:
    """In the language that is active. The place that he sees is not what counts while more urgent ones come first."""
    if place.is_overtaken:
        return gettext("who is more urgent comes first")
    return gettext("{before} before you").format(before=place.rank - 1) if place.rank > 1 else gettext("you are next")


def _who_is_there(staffing: Staffing) -> str:
    """In the language that is active."""
    if not staffing.is_open:
        opening = _opening(staffing)
        return (
            gettext("our team opens on {opening}").format(opening=opening) if opening else gettext("our team is closed")
        )
    if staffing.agents == 0:
        return gettext("nobody of our team is available at the moment")
    if staffing.able == 0:
        return ngettext(
            "our agent is not available at the moment",
            "none of our {agents} agents is available at the moment",
            staffing.agents,
        ).format(agents=staffing.agents)
    return ngettext("{able} of {agents} agents is here", "{able} of {agents} agents are here", staffing.able).format(
        able=staffing.able, agents=staffing.agents
    )


def notice_of(staffing: Staffing, language: str) -> tuple[Notice, str, str]:
    """What to tell who begins to wait: of what, a text to be translated, and its `opening`, in his language."""
    if staffing.is_open:
        return ("asked_absent", NOBODY, "") if staffing.able == 0 else ("asked", ASKED, "")
    if staffing.opens_at is None:
        return "asked_closed", CLOSED, ""
    with translation.override(language):
        return "asked_closed", CLOSED_UNTIL, _opening(staffing)


def _opening(staffing: Staffing) -> str:
    """When it opens by the team's clock, with its zone, since nobody knows where the customer is; empty if unknown."""
    if staffing.opens_at is None:
        return ""
    moment = staffing.opens_at.astimezone(staffing.zone)
    return gettext("{day}, {time} ({zone})").format(
        day=date_format(moment, gettext(DAY_FORMAT)), time=date_format(moment, "H:i"), zone=staffing.zone
    )
