"""What a round of assignment knows: who waits, who is able, who has refused whom; read in a fixed number of queries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from chatbot.conversations import able_agents
from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.teams import keys_of_members, team_key
from chatbot.models import (
    QUEUE_ORDER,
    Assignment,
    ChatSession,
    Offer,
    OfferEnd,
    Status,
    Team,
)
from chatbot.models.prepared_queries import PreparedQuery, PreparedRows
from workbench.assignment.matching import ALWAYS, Candidate, TeamKey, Waiting

# Who becomes available is offered one more after each of these, where his team has him begin slowly.
RAMP_STEP = timedelta(seconds=30)
# Of a longer queue the rest is looked at once these are gone.
MAX_WAITING = 5_000

STATE_FIELDS = (
    *("agent_id", "capacity", "able_since", "idle_since"),
    *("agent__username", "agent__first_name", "agent__last_name"),
)

REFUSALS = (OfferEnd.DECLINED, OfferEnd.EXPIRED)
# How an offer of a session that still waits can have ended.
ENDS = (*REFUSALS, OfferEnd.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An offer of the queue that its receiver did not take."""

    session: int
    agent: AgentJson
    agent_pk: int
    end: str
    ended_at: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one moment. `states` has the candidates' rows by their id."""

    rules: Mapping[TeamKey, Team]
    waiting: list[Waiting]
    candidates: list[Candidate]
    states: Mapping[int, Mapping[str, Any]]
    refusals: Mapping[int, list[Refusal]]

    def user(self, agent: int) -> User:
        """A candidate with his names; made only of who is needed, since there may be thousands."""
        state = self.states[agent]
        names = {name: state[f"agent__{name}"] for name in ("username", "first_name", "last_name")}
        return User(pk=agent, **names)


def offering_teams() -> dict[TeamKey, Team]:
    """The teams whose sessions are offered, by what these have as their team, with the database's time; one query."""
    return {team_key(team): team for team in _offering_teams.all(None)}


def _offering() -> QuerySet[Team]:
    return Team.objects.filter(assignment=Assignment.OFFER)


_offering_teams = PreparedQuery(lambda _: _offering().annotate(at=Now()), sample=None)


def read_facts(rules: Mapping[TeamKey, Team]) -> Facts | None:
    """Everything that a round needs, in five queries at most; None, after one or two, if nothing can be offered."""
    waiting = _read_waiting(rules)
    if not waiting:
        return None
    now: datetime = next(iter(rules.values())).at  # type: ignore[attr-defined]
    states = _read_states()
    if not states:
        return None
    offered = [pk for pk, each in waiting.items() if each.was_offered]
    refusals = read_refusals(offered) if offered else {}
    since = {state["agent_id"]: state["able_since"] for state in states}
    return Facts(
        rules,
        [
            Waiting(pk, each.team, _refused_by(refusals.get(pk, []), since), each.known_to)
            for pk, each in waiting.items()
        ],
        _candidates(states, rules, now),
        {state["agent_id"]: state for state in states},
        refusals,
    )


class _Waits(NamedTuple):
    """Of a session: its team, to which agent its customer is known, and whether it was offered before."""

    team: TeamKey
    known_to: int | None
    was_offered: bool


def _read_waiting(rules: Mapping[TeamKey, Team]) -> dict[int, _Waits]:
    """What waits without an open offer, in the order of the queue.

    A team that began to offer after these rules were read has its turn in the next round.
    """
    return {pk: _Waits(team, *facts) for pk, team, *facts in _waiting.all(None) if team in rules}


def _waiting_of_offering_teams() -> QuerySet[ChatSession, tuple[Any, ...]]:
    offered = Offer.objects.filter(session=OuterRef("pk"), ended_at=None)
    was_offered = Exists(Offer.objects.filter(session=OuterRef("pk"), ended_at__isnull=False))
    of_default_team = Q(Exists(_offering().filter(is_default=True)), team=None)
    of_teams = Q(team__in=_offering()) | of_default_team
    found = ChatSession.objects.filter(of_teams, ~Exists(offered), status=Status.PENDING_MANUAL).order_by(*QUEUE_ORDER)
    return found.values_list("pk", "team_id", "last_agent").annotate(was_offered=was_offered)[:MAX_WAITING]


_waiting = PreparedRows(lambda _: _waiting_of_offering_teams(), sample=None)


def _read_states() -> list[dict[str, Any]]:
    return [dict(zip(STATE_FIELDS, row, strict=True)) for row in _states.all(None)]


_states = PreparedRows(lambda _: able_agents.able().order_by("agent_id").values_list(*STATE_FIELDS), sample=None)


def read_refusals(sessions: Collection[int]) -> dict[int, list[Refusal]]:
    """What became of the queue's offers of these sessions, oldest first; one query."""
    rows = Offer.objects.filter(sender=None, end__in=ENDS, session__in=sessions)
    found: dict[int, list[Refusal]] = {}
    for offer in rows.select_related("receiver").order_by("ended_at", "id"):
        agent, ended_at = agent_json(offer.receiver), offer.ended_at
        if agent is None or ended_at is None:
            continue
        seconds = max(0, round((ended_at - offer.made_at).total_seconds()))
        refusal = Refusal(offer.session_id, agent, offer.receiver_id, offer.end, ended_at, seconds)
        found.setdefault(offer.session_id, []).append(refusal)
    return found


def _refused_by(refusals: Collection[Refusal], able_since: Mapping[int, datetime]) -> frozenset[int]:
    return frozenset(
        each.agent_pk
        for each in refusals
        if each.end in REFUSALS and each.agent_pk in able_since and each.ended_at >= able_since[each.agent_pk]
    )


def _candidates(states: Collection[Mapping[str, Any]], rules: Mapping[TeamKey, Team], now: datetime) -> list[Candidate]:
    loads, served = able_agents.loads(), keys_of_members([state["agent_id"] for state in states])
    candidates = []
    for state in states:
        agent = state["agent_id"]
        able_for = now - state["able_since"]
        limits = {team: limit(rules[team], state["capacity"], able_for) for team in served[agent] if team in rules}
        candidates.append(Candidate(agent, loads[agent], limits, state["idle_since"] or ALWAYS))
    return candidates


def limit(rules: Team, capacity: int, able_for: timedelta) -> int:
    """How many sessions an agent may have who has been able for so long."""
    if rules.ramp is None:
        return capacity
    return min(capacity, rules.ramp + max(0, able_for // RAMP_STEP))
