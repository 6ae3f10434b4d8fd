"""What the two pages know, as their scripts compute it: a state that was fetched, and the events that came after it.

`CustomerPage` is chatbot/static/chatbot/chat.js, `AgentPage` is workbench/static/workbench/model/board.js with the open
conversation beside it. Both drop what they have already: a message by its id, a status by the session's version.
"""

from dataclasses import dataclass, field
from typing import Any

from harness.clients import Received

Json = dict[str, Any]

WAITING = "pending_manual"
LIVE = "manual_live"


@dataclass
class CustomerPage:
    """One conversation as its customer sees it."""

    status: str = ""
    version: int = -1
    agent: Json | None = None
    queue_position: int | None = None
    messages: dict[int, Json] = field(default_factory=dict)

    @classmethod
    def load(cls, state: Json) -> "CustomerPage":
        """The page as it is after a fetch."""
        page = cls()
        page.take_state(state)
        for message in state["messages"]:
            page.messages[message["id"]] = message
        return page

    def take_state(self, state: Json) -> None:
        if state["version"] < self.version:
            return
        self.status, self.version, self.agent = state["status"], state["version"], state["agent"]
        if self.status != WAITING:
            self.queue_position = None
        elif state.get("queue_position"):
            self.queue_position = state["queue_position"]

    def take(self, event: Received) -> None:
        """Take one event of the session's stream."""
        if event.type == "new_message":
            self.messages.setdefault(event.payload["id"], event.payload)
        elif event.type == "status_change":
            self.take_state(event.payload)
        elif event.type == "queue_position":
            self.queue_position = event.payload["position"]

    def shown(self) -> Json:
        """What the customer sees."""
        return {
            "status": self.status,
            "version": self.version,
            "agent": self.agent,
            "queue_position": self.queue_position,
            "messages": [self.messages[id] for id in sorted(self.messages)],
        }


@dataclass
class AgentPage:
    """The queue, the agent's own sessions and one open conversation."""

    agent_id: str
    open_name: str
    sessions: dict[str, Json] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)

    @classmethod
    def load(cls, agent_id: str, queue: Json, mine: Json, opened: Json) -> "AgentPage":
        """The page as it is after its fetches: the queue, the agent's live sessions, the open one."""
        page = cls(agent_id, opened["session_name"])
        for item in queue["items"]:
            page._put(item["session_name"], {**item, "status": WAITING, "agent": None})
        for session in (*mine["items"], opened):
            page._take_session(session)
        for message in opened["messages"]:
            page.messages[message["id"]] = message
        return page

    def take(self, event: Received) -> None:
        """Take one event of the agent's stream."""
        if event.type == "new_message":
            self._take_message(event.payload)
        elif event.type == "status_change":
            self._take_status(event.payload)
        elif event.type == "transfer_request" and "last_message" in event.payload:
            self._take_request(event.payload)

    def shown(self) -> Json:
        """What the agent sees: who waits, longest first; the own ones; the open conversation."""
        waiting = [session for session in self.sessions.values() if session["status"] == WAITING]
        waiting.sort(key=lambda session: str(session["waiting_since"]))
        mine = [name for name, session in self.sessions.items() if self._is_mine(session)]
        opened = self.sessions[self.open_name]
        return {
            "queue": [(each["session_name"], each["reason"], each["last_message"]) for each in waiting],
            "mine": sorted(mine),
            "open": {name: opened[name] for name in ("status", "version", "agent", "last_message")},
            "messages": [self.messages[id] for id in sorted(self.messages)],
        }

    def _is_mine(self, session: Json) -> bool:
        return session["status"] == LIVE and session["agent"] is not None and session["agent"]["id"] == self.agent_id

    def _put(self, name: str, news: Json) -> None:
        unknown = {"session_name": name, "version": 0, "status": None, "agent": None, "reason": "", "last_message": ""}
        self.sessions[name] = {**unknown, "waiting_since": None, **self.sessions.get(name, {}), **news}

    def _take_session(self, session: Json) -> None:
        name = session["session_name"]
        if session["version"] >= self.sessions.get(name, {"version": 0})["version"]:
            self._put(name, {key: value for key, value in session.items() if key != "messages"})

    def _take_status(self, payload: Json) -> None:
        name = payload["session_name"]
        if payload["version"] > self.sessions.get(name, {"version": 0})["version"]:
            self._put(name, {key: payload[key] for key in ("status", "agent", "version")})

    def _take_request(self, payload: Json) -> None:
        told = {key: payload[key] for key in ("reason", "last_message", "waiting_since")}
        self._put(payload["session_name"], told)

    def _take_message(self, message: Json) -> None:
        if message["role"] in ("customer", "agent"):
            self._put(message["session_name"], {"last_message": " ".join(message["content"].split())[:200]})
        if message["session_name"] == self.open_name:
            self.messages.setdefault(message["id"], message)
