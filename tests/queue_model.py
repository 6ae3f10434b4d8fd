"""What the queue engine promises, as a model without a database; test_queue_machine.py plays both side by side."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chatbot.models import Priority, Status

DEFAULT = "Support"
BILLING = "Billing"


@dataclass(slots=True)
class ModelOffer:
    receiver: str
    sender: str | None = None
    is_overdue: bool = False

    @property
    def accepted_line(self) -> str:
        return "transferred" if self.sender else "accepted"


@dataclass(slots=True)
class ModelSession:
    """`lines` is its history; `asked_at` its first waiting time, however that is told."""

    name: str
    status: str = Status.BOT_ACTIVE
    agent: str | None = None
    team: str = DEFAULT
    is_held: bool = False
    priority: int = Priority.NORMAL
    asked_at: object = None
    offer: ModelOffer | None = None
    refused_by: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)

    def move(self, line: str, status: Status, agent: str | None = None) -> None:
        """Whatever moves a session on ends its offer and its hold."""
        self.lines.append(line)
        if self.status == Status.CLOSED:
            self.priority = Priority.NORMAL
        self.status, self.agent, self.offer, self.is_held = status, agent, None, False
        if status in (Status.BOT_ACTIVE, Status.CLOSED):
            self.asked_at = None


@dataclass(slots=True)
class ModelAgent:
    """`is_noted`: what is written of him says that he is available and connected."""

    name: str
    capacity: int
    teams: frozenset[str]
    is_available: bool = True
    is_connected: bool = True
    is_noted: bool = True
    is_active: bool = True

    @property
    def is_able(self) -> bool:
        return self.is_active and self.is_connected and self.is_noted


@dataclass(slots=True)
class Model:
    agents: dict[str, ModelAgent]
    sessions: dict[str, ModelSession]
    lapse_makes_away: bool

    def load(self, agent: str) -> int:
        live = sum(each.agent == agent and not each.is_held for each in self.sessions.values())
        return live + sum(each.offer is not None and each.offer.receiver == agent for each in self.sessions.values())

    def could_take(self, agent: str, session: ModelSession) -> bool:
        """Able, of its team and below capacity."""
        found = self.agents[agent]
        return found.is_able and session.team in found.teams and self.load(agent) < found.capacity

    def owed(self) -> Iterator[tuple[str, str]]:
        """Sessions that wait without an offer although an agent is free for them, who has not refused."""
        for session in self.sessions.values():
            if session.status == Status.PENDING_MANUAL and session.offer is None:
                for agent in self.agents:
                    if agent not in session.refused_by and self.could_take(agent, session):
                        yield session.name, agent

    def become_able(self, agent: str) -> None:
        """A new time of being able: what he refused before may be offered again."""
        self.agents[agent].is_noted = True
        for session in self.sessions.values():
            session.refused_by.discard(agent)

    def lapse(self) -> None:
        """End the offers that have lapsed at this moment."""
        lapsed = [each for each in self.sessions.values() if each.offer and self._has_lapsed(each.offer)]
        for session in lapsed:
            offer, session.offer = session.offer, None
            assert offer is not None
            session.lines.append("expired" if offer.is_overdue else "withdrawn")
            if offer.is_overdue and offer.sender is None:
                session.refused_by.add(offer.receiver)
                if self.lapse_makes_away:
                    receiver = self.agents[offer.receiver]
                    receiver.is_available = receiver.is_available and not receiver.is_noted
                    receiver.is_noted = False

    def _has_lapsed(self, offer: ModelOffer) -> bool:
        return offer.is_overdue or not self.agents[offer.receiver].is_able
