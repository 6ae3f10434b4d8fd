"""Dify's API of a chat application, as it documents it: conversations of users, streamed answers, and their end."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.bots.server import Answer, Received, Step, event, json_answer

PING = b"event: ping\n\n"
DOCUMENT = {
    "position": 1,
    "dataset_name": "Shop",
    "document_name": "Opening hours",
    "score": 0.98,
    "content": "9 to 18",
}


@dataclass
class Conversation:
    """What Dify keeps of one: whose it is, and what was asked."""

    user: str
    queries: list[str] = field(default_factory=list)
    transcripts: list[str] = field(default_factory=list)


@dataclass
class Dify:
    """A behaviour of a StubBot; `reply` makes the answer from a conversation."""

    key: str
    reply: Callable[[Conversation], str] = lambda conversation: f"You asked: {conversation.queries[-1]}"
    conversations: dict[str, Conversation] = field(default_factory=dict)
    stopped: list[tuple[str, str]] = field(default_factory=list)  # task and user
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __call__(self, request: Received) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return refusal(401, "unauthorized")
        if stop := re.fullmatch(r"/v1/chat-messages/([\w-]+)/stop", request.path):
            self.stopped.append((stop[1], request.body["user"]))
            return json_answer({"result": "success"})
        if request.path != "/v1/chat-messages" or not request.body.get("user"):
            return refusal(400, "invalid_param")
        return self._answer(request.body)

    def _answer(self, body: dict[str, Any]) -> Answer:
        name = body["conversation_id"] or f"conversation-{next(self._numbers)}"
        if body["conversation_id"] and name not in self.conversations:
            return refusal(404, "not_found")
        conversation = self.conversations.setdefault(name, Conversation(body["user"]))
        if conversation.user != body["user"]:
            return refusal(404, "not_found")
        conversation.queries.append(body["query"])
        conversation.transcripts.append(body["inputs"].get("human_transcript", ""))
        return says(*re.findall(r"\s*\S+", self.reply(conversation)), conversation=name)


def message(text: str, kind: str = "message", conversation: str = "conversation-1") -> bytes:
    return frame(kind, conversation, answer=text)


def frame(kind: str, conversation: str = "conversation-1", **fields: Any) -> bytes:
    ids = {"task_id": "task-1", "message_id": "message-1", "conversation_id": conversation, "created_at": 1703246400}
    return event({"event": kind, **ids, **fields})


def end(conversation: str = "conversation-1", *documents: dict[str, Any]) -> bytes:
    metadata = {"usage": {"total_tokens": 12}, "retriever_resources": list(documents)}
    return frame("message_end", conversation, metadata=metadata)


def says(*pieces: str, conversation: str = "conversation-1") -> Answer:
    """A chatflow's answer: its steps and pings between the words."""
    steps: list[Step] = [frame("workflow_started", conversation, data={"id": "run-1"}), PING]
    steps += [message(piece, conversation=conversation) for piece in pieces]
    finished = frame("workflow_finished", conversation, data={"status": "succeeded"})
    return Answer([*steps, end(conversation, DOCUMENT), finished])


def refusal(status: int, code: str) -> Answer:
    return json_answer({"code": code, "message": "what the customer said", "status": status}, status)
