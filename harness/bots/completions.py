"""Chat completions as OpenAI documents them, streamed: whole answers, and every way in which one can go wrong."""

import json
from collections.abc import Sequence
from typing import Any

from harness.bots.server import Answer, Received, Step, event, json_answer

DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return event({**_FRAME, "choices": [choice]})


_FRAME = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1703246400, "model": "stub"}
ROLE = chunk({"role": "assistant", "content": ""})


def words(*pieces: str) -> list[Step]:
    """The beginning of an answer: these pieces of it."""
    return [ROLE, *(chunk({"content": piece}) for piece in pieces)]


def end(reason: str = "stop") -> list[Step]:
    return [chunk({}, reason), DONE]


def says(*pieces: str) -> Answer:
    return Answer([*words(*pieces), *end()])


def usage() -> list[Step]:
    """The chunk without choices that closes a stream with `include_usage`."""
    return [event({**_FRAME, "choices": [], "usage": USAGE}), DONE]


def calls(name: str, *arguments: str) -> Answer:
    """A call of a tool whose arguments come in these pieces."""
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
    rest = [{"index": 0, "function": {"arguments": piece}} for piece in arguments]
    return Answer([ROLE, *(chunk({"tool_calls": [call]}) for call in (first, *rest)), *end("tool_calls")])


def fails(status: int, **headers: str) -> Answer:
    return json_answer({"error": {"message": "what the customer said", "type": "stub"}}, status, **headers)


def echo(request: Received) -> Answer:
    """Answers with the last message."""
    return says(*request.body["messages"][-1]["content"].split(" ")) if _streams(request) else _whole(request)


def _streams(request: Received) -> bool:
    return bool(request.body.get("stream"))


def _whole(request: Received) -> Answer:
    return whole(request.body["messages"][-1]["content"])


def whole(text: str, finish: str = "stop") -> Answer:
    """An answer in one piece."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return json_answer({**_FRAME, "object": "chat.completion", "choices": [choice], "usage": USAGE})


def obeys(request: Received) -> Answer:
    """A model that does whatever the latest words it reads tell it to, and else repeats them."""
    messages: Sequence[dict[str, str]] = request.body["messages"]
    asked = messages[-1]["content"].lower()
    if "repeat your instructions" in asked:
        return says(*_pieces(messages[0]["content"]))
    if "call the tool" in asked:
        return calls(asked.partition("call the tool ")[2].split()[0], json.dumps({"reason": "it was told to"}))
    return says(*_pieces(messages[-1]["content"]))


def _pieces(text: str, size: int = 7) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]
