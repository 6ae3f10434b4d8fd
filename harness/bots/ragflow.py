"""RAGFlow's OpenAI-compatible API of a chat assistant: all messages each time, documents with the last piece.

Its fields beside those of OpenAI are in one that is called `extra_body`; what is wrong is answered with 200.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.bots.server import Answer, Received, json_answer

CHUNK = {
    "id": "4b8935ac0a22deb1",
    "content": "9 to 18",
    "document_id": "4bdd2ff6",
    "document_name": "hours.md",
    "url": "https://shop.example.com/hours",
    "similarity": 0.57,
}


@dataclass
class RagFlow:
    """A behaviour of a StubBot; `reply` makes the answer from the messages."""

    key: str
    chat: str = "chat-1"
    reply: Callable[[Sequence[dict[str, str]]], str] = lambda messages: f"You asked: {messages[-1]['content']} [ID:0]"

    def __call__(self, request: Received) -> Answer:
        if request.path != f"/api/v1/chats_openai/{self.chat}/chat/completions":
            return json_answer({"code": 404, "message": "Not Found"}, 404)
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return json_answer({"code": 109, "message": "Authentication error: API key is invalid!"})
        body = request.body
        if "model" not in body or not body.get("messages"):
            return json_answer({"code": 101, "message": "required argument are missing: model,messages"})
        if body["messages"][-1]["role"] != "user":
            return json_answer({"code": 102, "message": "The last content of this conversation is not from user."})
        wants_documents = bool((body.get("extra_body") or {}).get("reference"))
        return _streamed(self.reply(body["messages"]), [CHUNK] if wants_documents else None)


def _streamed(text: str, documents: Sequence[dict[str, Any]] | None) -> Answer:
    steps = [_chunk({"content": piece}) for piece in re.findall(r"\s*\S+", text)]
    last = {"content": None} if documents is None else {"content": None, "reference": documents, "final_content": text}
    return Answer([*steps, _chunk(last, "stop"), b"data:[DONE]\n\n"])


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    whole = {"role": "assistant", "function_call": None, "tool_calls": None, "reasoning_content": None, **delta}
    choice = {"delta": whole, "finish_reason": finish, "index": 0, "logprobs": None}
    frame = {"id": "chatcmpl-3b03", "choices": [choice], "created": 1755084508, "model": "model", "usage": None}
    return b"data:" + json.dumps({**frame, "object": "chat.completion.chunk"}).encode() + b"\n\n"
