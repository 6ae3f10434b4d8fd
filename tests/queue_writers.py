"""Who races for sessions, and by which ways; whether at the actions themselves or over HTTP, their desks say.

Everybody writes down what he was told that he got. Against that the history is compared (queue_replay.py): who was told
yes has a line there, and nobody else.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple, Protocol

LIMIT_SECONDS = 170.0
# Lines of which a history of the race must have some, (what, whether nobody of the people did it): until then sessions
# are put back, so that no way is raced by name only.
LINES = frozenset(
    [
        *(
            (what, False)
            for what in ("taken", "accepted", "declined", "transferred", "requeued", "moved", "prioritised")
        ),
        *(("escalated", True), ("offered", True), ("offered", False), ("moved", True)),
    ]
)
# What comes only of sessions that wait until they are offered, or for as long as a rule says.
WAITED_FOR = {("offered", True), ("accepted", False), ("moved", True)}
# Which there are, in SQL.
FIND_LINES = "SELECT DISTINCT what, agent_id IS NULL FROM chatbot_historyentry"
# Between two things that somebody does, at most, or as long as the last one took. SQLite has no queue of writers: some
# would never get the lock on a busy machine.
PAUSE_SECONDS = 0.03
PRIORITIES = ("low", "normal", "high", "urgent")
# What a customer asks with: a rule of arrival is about the first, one about waiting about the second.
REASONS = ("refund, please", "where is my order?", "")


class Refused(Exception):
    """Somebody else was first, or it cannot be done at the moment: nothing was written."""


class Unknown(Exception):
    """The connection broke: it may have been done or not."""


class Got(NamedTuple):
    """A session whose hands have changed, at this version of it."""

    session: str
    version: int


class Offered(NamedTuple):
    offer_id: str
    is_transfer: bool


class Desk(Protocol):
    """Where somebody works. Each call raises Refused or Unknown."""

    who: str

    def take(self, session: str) -> Got: ...
    def take_next(self) -> Got: ...
    def offers(self) -> Sequence[Offered]: ...
    def accept(self, offer_id: str) -> Got: ...
    def decline(self, offer_id: str) -> None: ...
    def own(self) -> Sequence[str]: ...
    def pass_on(self, session: str, to: str) -> None: ...
    def pass_to_team(self, session: str, team: int) -> None: ...
    def force(self, session: str) -> Got: ...
    def requeue(self, session: str, team: int | None) -> Got: ...
    def prioritise(self, session: str, priority: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody was told that a session is his, or back in the queue through him."""

    who: str
    way: str
    session: str
    version: int


@dataclass(slots=True)
class Ledger:
    """What all were told; `unknown` counts the calls of which nobody knows."""

    told: list[Told] = field(default_factory=list)
    unknown: int = 0
    won: Counter[str] = field(default_factory=Counter)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def note(self, who: str, way: str, got: Got | None) -> None:
        with self._turn:
            self.won[way] += 1
            if got is not None:
                self.told.append(Told(who, way, *got))

    def note_unknown(self) -> None:
        with self._turn:
            self.unknown += 1

    def dumps(self) -> str:
        return json.dumps({"told": [asdict(told) for told in self.told], "unknown": self.unknown, "won": self.won})


def read_ledgers(texts: Iterable[str]) -> Ledger:
    """Those of all processes as one."""
    ledger = Ledger()
    for content in map(json.loads, texts):
        ledger.told += [Told(**each) for each in content["told"]]
        ledger.unknown += content["unknown"]
        ledger.won += Counter(content["won"])
    return ledger


@dataclass(slots=True)
class Race:
    """`names` are the sessions, which may become more; `is_quiet` says whether none waits and none is still to ask.

    `find_lines` says which of LINES there are.
    """

    names: Sequence[str]
    colleagues: Sequence[str]
    teams: Sequence[int]
    is_quiet: Callable[[], bool]
    find_lines: Callable[[], set[tuple[str, bool]]]
    ledger: Ledger = field(default_factory=Ledger)
    missing: frozenset[tuple[str, bool]] = LINES
    _deadline: float = field(default_factory=lambda: time.monotonic() + LIMIT_SECONDS)

    def run_agents(self, desks: Sequence[Desk], seed: int) -> None:
        """What some agents do until nobody waits: whatever comes to their minds, refused or not."""
        choice = random.Random(seed)
        while self.missing or not self.is_quiet():
            self._do(self._ways(), choice.choice(desks), choice)

    def _ways(self) -> Sequence["Way"]:
        """Sessions are put back as fast as they are taken; where only what needs one that waits is missing, faster."""
        if not self.missing:
            return TAKING
        return PASSING if self.missing <= WAITED_FOR else TAKING + PASSING

    def run_supervisors(self, desks: Sequence[Desk], seed: int) -> None:
        """Supervisors interfere until somebody has won by every way."""
        choice = random.Random(seed)
        while self.missing:
            self._do(SUPERVISING, choice.choice(desks), choice)
            self.missing -= self.find_lines()

    def _do(self, ways: Sequence["Way"], desk: Desk, choice: random.Random) -> None:
        """Refusals are what a race is made of."""
        began = time.monotonic()
        assert began < self._deadline, f"somebody waits still, or there is none of {self.missing}"
        try:
            choice.choice(ways)(self, desk, choice)
        except Refused:
            pass
        except Unknown:
            self.ledger.note_unknown()
        time.sleep(choice.random() * max(PAUSE_SECONDS, time.monotonic() - began))


Way = Callable[[Race, Desk, random.Random], None]


def _take_any(race: Race, desk: Desk, choice: random.Random) -> None:
    if race.names:
        race.ledger.note(desk.who, "take", desk.take(choice.choice(race.names)))


def _take_next(race: Race, desk: Desk, choice: random.Random) -> None:
    race.ledger.note(desk.who, "next", desk.take_next())


def _answer(race: Race, desk: Desk, choice: random.Random) -> None:
    for offer_id, is_transfer in desk.offers()[:1]:
        if choice.random() < 0.3:
            desk.decline(offer_id)
            race.ledger.note(desk.who, "decline", None)
        else:
            race.ledger.note(desk.who, "transfer" if is_transfer else "accept", desk.accept(offer_id))


def _pass_on(race: Race, desk: Desk, choice: random.Random) -> None:
    for name in desk.own()[:1]:
        desk.pass_on(name, choice.choice(race.colleagues))


def _pass_to_team(race: Race, desk: Desk, choice: random.Random) -> None:
    for name in desk.own()[:1]:
        desk.pass_to_team(name, choice.choice(race.teams))
        race.ledger.note(desk.who, "pass to team", None)


def _force(race: Race, desk: Desk, choice: random.Random) -> None:
    if race.names:
        race.ledger.note(desk.who, "force", desk.force(choice.choice(race.names)))


def _requeue(race: Race, desk: Desk, choice: random.Random) -> None:
    if race.names:
        race.ledger.note(desk.who, "requeue", desk.requeue(choice.choice(race.names), None))


def _move(race: Race, desk: Desk, choice: random.Random) -> None:
    if race.names:
        race.ledger.note(desk.who, "move", desk.requeue(choice.choice(race.names), choice.choice(race.teams)))


def _prioritise(race: Race, desk: Desk, choice: random.Random) -> None:
    if race.names:
        desk.prioritise(choice.choice(race.names), choice.choice(PRIORITIES))
        race.ledger.note(desk.who, "prioritise", None)


TAKING: tuple[Way, ...] = (_take_any, _take_next, _answer, _answer, _pass_on)
PASSING: tuple[Way, ...] = (_answer, _answer, _pass_to_team)
SUPERVISING: tuple[Way, ...] = (_force, _requeue, _move, _prioritise)
