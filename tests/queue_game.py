"""A game in which the queue engine and its model are played side by side, and what compares them after each step."""

import time
from collections import defaultdict
from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition

from chatbot.conversations.errors import ApiError
from chatbot.conversations.places import place_of, places
from chatbot.customers.actions.escalate import escalate
from chatbot.models import (
    PRESENCE_LEASE,
    QUEUE_ORDER,
    Assignment,
    ChatSession,
    HistoryEntry,
    Offer,
    PresenceHolder,
    Status,
    Team,
)
from tests.queue_model import BILLING, DEFAULT, Model, ModelAgent, ModelSession
from workbench.access.agents import Agent
from workbench.tests.ableness import make_able

AGENTS = {"alice": ({DEFAULT}, 1), "bob": ({DEFAULT}, 2), "carol": ({BILLING}, 1), "dora": ({DEFAULT, BILLING}, 2)}
SUPERVISOR = "eve"
SESSIONS = [f"s-{n}" for n in range(5)]
WAITING, LIVE, BOT, CLOSED = Status.PENDING_MANUAL, Status.MANUAL_LIVE, Status.BOT_ACTIVE, Status.CLOSED

agents = st.sampled_from(sorted(AGENTS))
sessions = st.sampled_from(SESSIONS)
HELD_SECONDS = 1.0  # of the lease of an agent's pages
# Which of those that a step could be made with: steps that cannot be made would fill most of a game.
which = st.integers(0, 19)

Rule = Callable[..., None]


def if_any(found: Callable[["Model"], list[Any]]) -> Callable[[Rule], Rule]:
    """A step that is made only if there is something to make it with."""
    return precondition(lambda self: bool(found(self.model)))


def waiting(model: Model) -> list[ModelSession]:
    return [each for each in model.sessions.values() if each.status == WAITING]


def live(model: Model) -> list[ModelSession]:
    return [each for each in model.sessions.values() if each.agent in AGENTS]


def offered(model: Model) -> list[ModelSession]:
    return [each for each in model.sessions.values() if each.offer]


def idle(model: Model) -> list[ModelSession]:
    return [each for each in model.sessions.values() if each.status in (BOT, CLOSED)]


class Game(RuleBasedStateMachine):
    """The engine and its model in the same state, with what compares them."""

    model: Model
    ids: dict[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self.written = 0
        self.shown: dict[tuple[str, Any], int] = {}
        self._held_at = time.monotonic()
        self._database = transaction.atomic()  # undone at the end of a game
        self._database.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._database.__exit__(None, None, None)

    @initialize(lapse_makes_away=st.booleans())
    def begin(self, lapse_makes_away: bool) -> None:
        Team.objects.get_or_create(is_default=True, defaults={"name": DEFAULT})
        Team.objects.create(name=BILLING)
        Team.objects.update(assignment=Assignment.OFFER, lapse_makes_away=lapse_makes_away, offer_seconds=1_000)
        self.teams = {BILLING if not team.is_default else DEFAULT: team for team in Team.objects.all()}
        self.people = {name: Agent(self._make_agent(name), is_supervisor=False) for name in AGENTS}
        self.people[SUPERVISOR] = Agent(User.objects.create(username=SUPERVISOR), is_supervisor=True)
        for name in SESSIONS:
            ChatSession.objects.create(name=name)
        known = {name: ModelAgent(name, capacity, frozenset(teams)) for name, (teams, capacity) in AGENTS.items()}
        self.model = Model(known, {name: ModelSession(name) for name in SESSIONS}, lapse_makes_away)
        for name in SESSIONS[1:]:
            escalate(session_name=name, reason="", credentials=None)
            self._asked(self.model.sessions[name])

    def _asked(self, session: ModelSession) -> None:
        session.move("escalated", WAITING)
        session.team = DEFAULT
        session.asked_at = ChatSession.objects.get(name=session.name).waiting_since

    def _make_agent(self, name: str) -> User:
        teams, capacity = AGENTS[name]
        for team in teams:
            agent = make_able(name, capacity=capacity, team=self.teams[team])
        return agent

    def attempt(self, action: Callable[..., Any], *, allowed: bool, **arguments: Any) -> Any:
        """Do it, and compare with what the model says whether it can be done; None if it was refused."""
        try:
            done = action(**arguments)
        except ApiError:
            if allowed:
                raise
            return None
        assert allowed, f"{action.__name__} {arguments} was allowed"
        return done or True

    def offer_id(self, session: ModelSession) -> str:
        return str(Offer.objects.values_list("pk", flat=True).get(session__name=session.name, ended_at=None))

    @invariant()
    def pages_are_held(self) -> None:
        """The process that holds the agents' pages lives, however long a game takes on a busy machine."""
        if time.monotonic() > self._held_at + HELD_SECONDS:
            PresenceHolder.objects.update(lease_until=Now() + PRESENCE_LEASE)
            self._held_at = time.monotonic()

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "model"):
            return
        lines = defaultdict(list)
        for name, what in HistoryEntry.objects.order_by("id").values_list("session__name", "what"):
            lines[name].append(what)
        for row in ChatSession.objects.select_related("assignee", "team"):
            expected = self.model.sessions[row.name]
            agent = row.assignee.username if row.assignee else None
            assert (row.status, agent) == (expected.status, expected.agent), row.name
            assert (row.team.name if row.team else DEFAULT) == expected.team
            assert row.priority == expected.priority
            assert (row.waiting_since is None) == (expected.asked_at is None)
            assert expected.asked_at in (None, row.waiting_since), "a first waiting time has changed"
            assert lines[row.name] == expected.lines, row.name
        rows = Offer.objects.filter(ended_at=None).values_list(
            "session__name", "receiver__username", "sender__username"
        )
        known = [each for each in self.model.sessions.values() if each.offer]
        assert sorted(rows) == sorted(
            (each.name, each.offer.receiver, each.offer.sender) for each in known if each.offer
        )

    @invariant()
    def no_place_gets_worse(self) -> None:
        """Of those that are shown to customers; in another wait, or another team's queue, it is another one."""
        rows = ChatSession.objects.filter(status=WAITING).order_by("team_id", *QUEUE_ORDER)
        for _, of_team in groupby(rows, key=lambda row: row.team_id):
            queue = list(of_team)
            for row, place in zip(queue, places(queue), strict=True):
                wait = (row.name, row.queued_at)
                assert place.shown <= min(place.rank, self.shown.get(wait, place.shown)), row.name
                self.shown[wait] = place.shown
            assert place_of(row) == place, "the query of one says another place than the list"
