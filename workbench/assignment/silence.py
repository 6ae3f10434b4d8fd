"""Live sessions whose agent does not answer, or has had no page open for too long, go back to the front of the queue.

Each team says after how long, and whether they do at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext_noop

from chatbot.conversations import agent_states
from chatbot.conversations.agents import agent_json, display_name
from chatbot.conversations.history import SYSTEM
from chatbot.conversations.locking import lock_if_free
from chatbot.conversations.teams import team_key
from chatbot.conversations.transcript import Notice
from chatbot.models import Afterwards, AgentPresence, AgentState, Phase, SessionInterval, Status, Team, is_held
from realtime.api import send_many
from workbench.actions.requeue import put_back
from workbench.assignment.matching import TeamKey
from workbench.assignment.turn import take_turn

SILENT_TEXT = gettext_noop(
    "{agent} could not answer in time. We are looking for somebody else; you keep your place in the queue."
)
VANISHED_TEXT = gettext_noop(
    "{agent} has lost the connection. We are looking for somebody else; you keep your place in the queue."
)
NOT_ANSWERED = gettext_noop("Did not answer a customer")

# How many seconds each of some teams allows.
Limits = Mapping[TeamKey, int]

# In one look, each in a transaction of its own.
MAX_REQUEUES = 200


def requeue_unanswered() -> int:
    """Put back what is left alone, longest first, and return how many; one query where no team has a limit.

    Raises NotOurTurn.
    """
    teams = {team_key(team): team for team in Team.objects.filter(when_silent=Afterwards.REQUEUE)}
    done = 0
    for rule in RULES:
        for name in _names(rule, teams):
            take_turn()
            done += _requeue(name, rule, teams)
    return done


@dataclass(frozen=True, slots=True)
class _Rule:
    """When a session is left alone: `seconds` says its team's limit, `rows` the intervals for some teams' limits."""

    code: Notice
    text: str
    seconds: Callable[[Team], int | None]
    rows: Callable[[Limits], QuerySet[SessionInterval]]

    def found(self, teams: Mapping[TeamKey, Team]) -> QuerySet[SessionInterval] | None:
        """None where no team has a limit."""
        limits = {key: seconds for key, team in teams.items() if (seconds := self.seconds(team)) is not None}
        return self.rows(limits) if limits else None


def _names(rule: _Rule, teams: Mapping[TeamKey, Team]) -> list[str]:
    rows = rule.found(teams)
    if rows is None:
        return []
    return list(rows.order_by("began_at").values_list("session__name", flat=True)[:MAX_REQUEUES])


def _requeue(session_name: str, rule: _Rule, teams: Mapping[TeamKey, Team]) -> bool:
    """Do it, if it still holds under the lock of the session; whether this call did."""
    with transaction.atomic():
        locked = lock_if_free(session_name)
        if locked is None:
            return False
        session = locked.session
        rows = rule.found(teams)
        if session.assignee is None or rows is None or not rows.filter(session=session).exists():
            return False
        team = teams[session.team_id]
        why = {"code": rule.code, "agent": agent_json(session.assignee), "seconds": rule.seconds(team)}
        agent = session.assignee
        outgoing = put_back(
            locked, rule.text, notice=rule.code, actor=SYSTEM, by=agent, why=why, agent=display_name(agent)
        )
        if rule.code == "silent" and team.lapse_makes_away:
            outgoing += agent_states.make_away([agent.pk], reason=NOT_ANSWERED)
        send_many(outgoing)
    return True


def _silent(limits: Limits) -> QuerySet[SessionInterval]:
    """Live sessions without an answer since their agent has them: one that he gave would have cleared the time."""
    return _live().filter(_older("began_at", limits), session__unanswered_since__lte=F("began_at"))


def _vanished(limits: Limits) -> QuerySet[SessionInterval]:
    """Live sessions of agents who have no page open, and had none for so long, or since they have the session."""
    here = AgentPresence.objects.filter(is_held("holder__"), agent=OuterRef("agent"))
    last_seen = AgentState.objects.filter(agent=OuterRef("agent")).values("last_seen_at")
    seen = Coalesce(Subquery(last_seen), F("began_at"), output_field=DateTimeField())
    rows = _live().filter(~Exists(here)).annotate(alone_since=Greatest(seen, F("began_at")))
    return rows.filter(_older("alone_since", limits))


def _live() -> QuerySet[SessionInterval]:
    """Open intervals of live sessions; one on hold waits for its customer."""
    return SessionInterval.objects.filter(
        phase=Phase.LIVE, ended_at=None, session__status=Status.MANUAL_LIVE, session__held_since=None
    )


def _older(moment: str, limits: Limits) -> Q:
    """Sessions of these teams for which `moment` is as many seconds ago as their team says."""
    older = Q()
    for team, seconds in limits.items():
        of_team = Q(session__team=team) if team is not None else Q(session__team__isnull=True)
        older |= of_team & Q(**{f"{moment}__lte": Now() - timedelta(seconds=seconds)})
    return older


RULES = (
    _Rule("silent", SILENT_TEXT, lambda team: team.first_reply_seconds, _silent),
    _Rule("vanished", VANISHED_TEXT, lambda team: team.vanished_seconds, _vanished),
)
