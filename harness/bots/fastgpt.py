"""FastGPT's API of an application, as it documents it: with `chatId` it keeps the conversation itself.

It then reads the last message alone, and the variables; without, the messages are the conversation.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.bots.server import Answer, Received, event, json_answer


@dataclass
class Chat:
    """What it keeps of a conversation. Variables stay until others are sent."""

    queries: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


@dataclass
class FastGpt:
    """A behaviour of a StubBot; `reply` makes the answer from a conversation."""

    key: str
    reply: Callable[[Chat], str] = lambda chat: f"You asked: {chat.queries[-1]}"
    chats: dict[str, Chat] = field(default_factory=dict)

    def __call__(self, request: Received) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return json_answer({"code": 403, "statusText": "unAuthorization", "message": "", "data": None}, 403)
        if request.path != "/api/v1/chat/completions":
            return json_answer({"code": 404}, 404)
        body = request.body
        if not body.get("messages"):
            return Answer([event({"code": 500, "message": "messages is empty"}, "error")])
        chat = self.chats.setdefault(body["chatId"], Chat()) if body.get("chatId") else Chat()
        chat.queries.append(body["messages"][-1]["content"])
        chat.variables.update(body.get("variables") or {})
        return _streamed(self.reply(chat), detail=bool(body.get("detail")))


def _streamed(text: str, *, detail: bool) -> Answer:
    name = "answer" if detail else ""
    steps = [event({"status": "running", "name": "AI Chat"}, "flowNodeStatus")] if detail else []
    steps += [event(_frame({"content": piece}), name) for piece in ("", *re.findall(r"\s*\S+", text))]
    return Answer([*steps, event(_frame({}, "stop"), name), b"data: [DONE]\n\n"])


def _frame(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"delta": delta, "index": 0, "finish_reason": finish}
    return {"id": "", "object": "", "created": 0, "model": "", "choices": [choice]}
