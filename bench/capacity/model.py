"""Who does what: from customers online to calls, events and streams a second."""

import math
from dataclasses import dataclass
from typing import Any

from bench.capacity.costs import known

COMM100 = "Comm100 Live Chat Benchmark"


def assumed(value: float, unit: str, source: str = "assumed") -> Any:
    return known(value, unit, source)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the measured costs cannot say: how people behave."""

    talking: float = assumed(0.10, "of those online", "given")
    visit_minutes: float = assumed(5, "min", "3 to 6 min: growthsuite.net, Average Session Duration (SaaS)")
    messages_a_minute: float = assumed(1, "of a customer who talks")
    replies_a_message: float = assumed(1, "of an agent")
    bot_minutes: float = assumed(3, "min with the bot")
    escalated: float = assumed(0.55, "of conversations", f"44.8 % resolved by a bot: {COMM100} 2026 (blog)")
    wait_minutes: float = assumed(2.6, "min", f"155 s in teams of 26+: {COMM100} 2020")
    agent_minutes: float = assumed(11, "min with an agent", f"10 min 57 s: {COMM100} 2021")
    conversations_an_agent: float = assumed(3, "at once", "2 to 3: supportman.io, Concurrency; 2 to 4: knowup.io")
    occupancy: float = assumed(0.8, "of agents' time")


# Of one escalated conversation: escalate is two broadcast events, take over and close one each.
BROADCAST_EVENTS = 4
# chatbot/conversations/queue.py: the process that holds the lease announces the queue, and a place to each of the
# first hundred; a process tries to take the lease at most once in an interval.
TURN_SECONDS = 0.5
INTERVAL_SECONDS = 0.55
MAX_PLACES = 100


@dataclass(frozen=True, slots=True)
class Load:
    """What all customers and agents do together; rates are per second."""

    online: float
    talking: float
    live: float
    waiting: float
    agents: float
    visits: float
    sessions: float
    bot_messages: float
    messages: float
    replies: float
    escalations: float

    @property
    def broadcast_events(self) -> float:
        """Durable ones."""
        return BROADCAST_EVENTS * self.escalations

    @property
    def changes(self) -> float:
        """Changes of status: each escalated conversation has three."""
        return 3 * self.escalations

    @property
    def queue_changes(self) -> float:
        """Each escalated conversation comes into the queue and goes out of it."""
        return 2 * self.escalations

    @property
    def session_events(self) -> float:
        """Durable events on sessions' channels: escalate says three things there, take over and close two each."""
        return 2 * self.bot_messages + self.messages + self.replies + 7 * self.escalations

    @property
    def agent_events(self) -> float:
        """Durable events on agents' channels."""
        return self.messages + self.replies + 2 * self.escalations


def load_of(online: float, people: Assumptions) -> Load:
    """The load of so many customers online, by Little's law: who is in a phase = arrivals x its length."""
    talking = online * people.talking
    minutes = people.bot_minutes + people.escalated * (people.wait_minutes + people.agent_minutes)
    sessions = talking / (60 * minutes)
    escalations = people.escalated * sessions
    live = escalations * 60 * people.agent_minutes
    messages = live * people.messages_a_minute / 60
    return Load(
        online=online,
        talking=talking,
        live=live,
        waiting=escalations * 60 * people.wait_minutes,
        agents=live / (people.conversations_an_agent * people.occupancy),
        visits=online / (60 * people.visit_minutes),
        sessions=sessions,
        bot_messages=sessions * people.bot_minutes * people.messages_a_minute,
        messages=messages,
        replies=messages * people.replies_a_message,
        escalations=escalations,
    )


def announcements_of(changes: float) -> float:
    """Announcements a second of a queue that changes so often, at most: the next to try may be a little late.

    From one announcement to the next it takes until the next change, but at least a turn.
    """
    return 1 / (TURN_SECONDS + math.exp(-TURN_SECONDS * changes) / changes) if changes else 0.0


def attempts_of(changes: float) -> float:
    """At most how often a second a process that changes a queue so often tries to have its turn: it tries twice."""
    return min(2 * changes, 1 / INTERVAL_SECONDS)
