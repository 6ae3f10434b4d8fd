"""A session's history, played again: each line must be possible after the one before; it says what other rows say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

BOT, WAITING, LIVE = "bot_active", "pending_manual", "manual_live"


@dataclass(frozen=True, slots=True)
class Line:
    """`who` is None for the customer and the system."""

    what: str
    at: datetime
    who: str | None = None
    why: dict[str, Any] = field(default_factory=dict)

    def named(self, key: str) -> str | None:
        """The id of an agent whom the facts name."""
        agent = self.why.get(key)
        return agent["id"] if agent else None


class Phase(NamedTuple):
    """An interval: `agent` has a live one, `ended_at` is None for the last."""

    name: str
    agent: str | None
    began_at: datetime
    ended_at: datetime | None


class Move(NamedTuple):
    """A change of status or assignee, as the log tells of it."""

    status: str
    agent: str | None
    version: int


@dataclass(slots=True)
class Replay:
    """Where a session is after its lines; `won` has who changed its hands at which version, and by what.

    AssertionError at a line that cannot be.
    """

    lines: Sequence[Line]
    supervisors: frozenset[str] = frozenset()
    status: str = BOT
    agent: str | None = None
    version: int = 1
    offer: tuple[str | None, str | None] | None = None  # from whom, to whom
    phases: list[Phase] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    won: dict[int, tuple[str, str]] = field(default_factory=dict)
    _applied: Counter[tuple[str, str]] = field(default_factory=Counter)  # what rules did in this wait

    def __post_init__(self) -> None:
        for line in self.lines:
            getattr(self, f"_{line.what}")(line)

    def _escalated(self, line: Line) -> None:
        assert self.status == BOT, line
        self._move(WAITING, None, line)

    def _gave_up(self, line: Line) -> None:
        assert self.status == WAITING, line
        self._move(BOT, None, line)

    def _taken(self, line: Line) -> None:
        """Of a live one its agent is robbed by a supervisor, and the line says of whom."""
        if self.status == LIVE:
            assert line.who in self.supervisors, f"given out again: {line}"
            assert self.agent == line.named("from") != line.who, f"not taken from {self.agent}: {line}"
        else:
            assert self.status == WAITING, line
            assert "from" not in line.why, line
        self._win(line)

    def _accepted(self, line: Line) -> None:
        assert self.status == WAITING, f"given out again: {line}"
        assert self.offer == (None, line.who), f"not offered so: {self.offer} {line}"
        self._win(line)

    def _transferred(self, line: Line) -> None:
        assert self.status == LIVE, line
        assert self.offer == (self.agent, line.who), f"not offered so: {self.offer} {line}"
        assert line.named("from") == self.agent, line
        self._win(line)

    def _offered(self, line: Line) -> None:
        assert self.offer is None, f"offered to two: {self.offer} {line}"
        assert (self.status, self.agent) == ((LIVE, line.who) if line.who else (WAITING, None)), line
        self.offer = (line.who, line.named("to"))

    def _declined(self, line: Line) -> None:
        assert self.offer, line
        assert self.offer[1] == line.who, line
        self.offer = None

    def _expired(self, line: Line) -> None:
        assert self.offer, line
        self.offer = None

    _withdrawn = _expired

    def _moved(self, line: Line) -> None:
        """By a rule while it waits; else by its agent or a supervisor."""
        if line.who is not None:
            self._requeued(line)
            return
        assert self.status == WAITING, line
        self._count_rules(line)
        self._move(WAITING, None, line)

    def _requeued(self, line: Line) -> None:
        assert self.status == LIVE, line
        assert line.who == self.agent or line.who in self.supervisors, line
        self._win(line, WAITING)

    def _prioritised(self, line: Line) -> None:
        self.version += 1
        self._count_rules(line)

    def _labelled(self, line: Line) -> None:
        """By the rules of arrival with the move itself, so that the log tells of both at once."""
        self._prioritised(line)
        last = self.moves[-1]
        if line.who is None and last == Move(WAITING, None, self.version - 1) and self.phases[-1].began_at == line.at:
            self.moves[-1] = last._replace(version=self.version)

    def _count_rules(self, line: Line) -> None:
        """A rule is tried once in each wait."""
        for rule in line.why.get("rules", []):
            self._applied[line.what, rule] += 1
            assert self._applied[line.what, rule] == 1, f"a rule twice in one wait: {line}"

    def _win(self, line: Line, status: str = LIVE) -> None:
        assert line.who, line
        self._move(status, line.who if status == LIVE else None, line)
        self.won[self.version] = (line.what, line.who)

    def _move(self, status: str, agent: str | None, line: Line) -> None:
        self.status, self.agent, self.offer = status, agent, None
        self.version += 1
        self.moves.append(Move(status, agent, self.version))
        self._applied.clear()
        if self.phases and self.phases[-1].ended_at is None:
            assert self.phases[-1].began_at <= line.at, f"ended before it began: {line}"
            self.phases[-1] = self.phases[-1]._replace(ended_at=line.at)
        if status != BOT:
            self.phases.append(Phase("live" if status == LIVE else "waiting", agent, line.at, None))
