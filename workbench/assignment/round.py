"""One round of assignment: read, match in memory, and write what still holds under the locks."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from chatbot.conversations import able_agents, events, offers
from chatbot.conversations.agents import agent_json
from chatbot.conversations.offers import Proposal
from chatbot.models import AgentState, ChatSession, Offer, Status
from chatbot.models.prepared_queries import SOME_IDS, Ids, PreparedQuery, PreparedRows, ids, is_among
from realtime.api import send_many
from workbench.assignment.facts import ENDS, Facts, limit, offering_teams, read_facts
from workbench.assignment.matching import Match, match
from workbench.assignment.turn import take_turn

# In one transaction: the customers of these sessions, and other writers of them, wait for it.
MAX_MATCHES = 500
MAX_NAMED = 3

ENDS_UNTAKEN = ("", *ENDS)  # the first: open


def run_round() -> int:
    """Offer what waits to who is able, and return how many offers were made.

    Nothing is written where nothing can be offered. Locks the sessions by id, then the agents' states by id, without
    waiting for those that somebody else has. Raises NotOurTurn.
    """
    rules = offering_teams()
    facts = read_facts(rules) if rules else None
    matches = match(facts.waiting, facts.candidates)[:MAX_MATCHES] if facts else []
    if facts is None or not matches:
        return 0
    take_turn()
    with transaction.atomic():
        return _Writing(facts, matches).write()


@dataclass(slots=True)
class _Writing:
    """Under the locks it is looked again, and what no longer holds is left out: the next round finds it."""

    facts: Facts
    matches: Sequence[Match]

    def write(self) -> int:
        sessions = self._lock_sessions()
        states = self._lock_states() if sessions else {}
        held = self._still_held(sessions, states)
        if not held:
            return 0
        now = max(sessions[each.session].database_now for each in held)  # type: ignore[attr-defined]
        now = max(now, *(sessions[each.session].last_activity_at for each in held))
        made = offers.make([self._proposal(each, sessions[each.session]) for each in held], now=now)
        send_many([outgoing for offer in made for outgoing in events.transfer_offer(offer)])
        return len(made)

    def _lock_sessions(self) -> dict[int, ChatSession]:
        return {row.pk: row for row in _waiting_sessions.all(ids(each.session for each in self.matches))}

    def _lock_states(self) -> dict[int, AgentState]:
        """Without waiting, too: an agent whose state somebody holds is offered nothing in this round."""
        return {row.pk: row for row in _able_states.all(ids({each.agent for each in self.matches}))}

    def _still_held(self, sessions: Mapping[int, ChatSession], states: Mapping[int, AgentState]) -> list[Match]:
        offered = self._offered_meanwhile(sessions)
        teams = {each.session: each.team for each in self.facts.waiting}
        loads = able_agents.loads(states)
        held = []
        for each in self.matches:
            session, state = sessions.get(each.session), states.get(each.agent)
            if session is None or state is None or session.pk in offered or session.team_id != teams[session.pk]:
                continue
            if not self._may_have(state, session, loads):
                continue
            loads[state.pk] += 1
            held.append(each)
        return held

    def _offered_meanwhile(self, sessions: Collection[int]) -> set[int]:
        """Those that have an open offer, or one that was refused since the facts were read, perhaps by this agent."""
        rows = _ends_of_offers.all(ids(sessions))
        counts = Counter(session for session, end in rows if end in ENDS_UNTAKEN)
        known = {session: len(self.facts.refusals.get(session, [])) for session in counts}
        return {session for session, count in counts.items() if count > known[session]}

    def _may_have(self, state: AgentState, session: Any, loads: Mapping[int, int]) -> bool:
        rules = self.facts.rules.get(session.team_id)
        if rules is None or state.able_since is None:
            return False
        return loads[state.pk] < limit(rules, state.capacity, session.database_now - state.able_since)

    def _proposal(self, found: Match, session: ChatSession) -> Proposal:
        receiver = self.facts.user(found.agent)
        seconds = self.facts.rules[session.team_id].offer_seconds
        return Proposal(session, receiver, seconds, why=self._why(found, session.waiting_since))

    def _why(self, found: Match, waiting_since: datetime | None) -> dict[str, Any]:
        """For reasons.py."""
        before = [
            each
            for each in self.facts.refusals.get(found.session, [])
            if waiting_since is None or each.ended_at >= waiting_since
        ]
        return {
            "code": "assigned",
            "agent": agent_json(self.facts.user(found.agent)),
            "live": found.live,
            "capacity": found.limit,
            "able": found.able,
            "is_known": found.is_known,
            "before": [{"agent": each.agent, "end": each.end, "seconds": each.seconds} for each in before[-MAX_NAMED:]],
            "full": [agent_json(self.facts.user(agent)) for agent in found.full],
        }


def _lock_waiting(sessions: Ids) -> QuerySet[ChatSession]:
    rows = ChatSession.objects.select_for_update(of=("self",), skip_locked=True).annotate(database_now=Now())
    return rows.filter(is_among("pk", sessions), status=Status.PENDING_MANUAL).order_by("pk")


def _lock_able(agents: Ids) -> QuerySet[AgentState]:
    states = able_agents.able().select_for_update(of=("self",), skip_locked=True)
    return states.filter(is_among("pk", agents)).order_by("pk")


def _ends(sessions: Ids) -> QuerySet[Offer, tuple[Any, ...]]:
    return Offer.objects.filter(is_among("session", sessions), sender=None).order_by().values_list("session_id", "end")


_waiting_sessions = PreparedQuery(_lock_waiting, SOME_IDS)
_able_states = PreparedQuery(_lock_able, SOME_IDS)
_ends_of_offers = PreparedRows(_ends, SOME_IDS)
