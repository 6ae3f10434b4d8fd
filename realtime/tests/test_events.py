import json
from typing import Any

import pytest

from realtime.events import LOCAL_TYPES, MAX_EVENT_BYTES, Event, decode, encode, with_number


def test_envelope_has_the_contracts_fields() -> None:
    content = json.loads(with_number(encode(Event("new_message", {"content": "hi"}, "ai_chatbot")), 42))
    assert isinstance(content.pop("timestamp"), int)
    assert content == {"type": "new_message", "payload": {"content": "hi"}, "source": "ai_chatbot", "id": 42}


def test_text_travels_as_utf8() -> None:
    assert "你好 😀\u2028".encode() in encode(Event("new_message", {"content": "你好 😀\u2028"}))


def test_text_that_ends_lines_stays_on_one_line() -> None:
    data = encode(Event("new_message", {"content": "a\r\nb\rc\nd"}))
    assert b"\r" not in data
    assert b"\n" not in data


@pytest.mark.parametrize("event_type", ["", "New", "a-b", "a b", "a\n", "_a", "a__b", "x" * 65, None, *LOCAL_TYPES])
def test_bad_type_is_refused(event_type: str) -> None:
    with pytest.raises(ValueError, match=r"event type|cannot be sent"):
        Event(event_type, {})


def test_unknown_source_is_refused() -> None:
    with pytest.raises(ValueError, match="source"):
        Event("tick", {}, "somebody")  # type: ignore[arg-type]


@pytest.mark.parametrize("payload", [{"a": {1}}, {"a": float("nan")}, {"a": "\ud800"}, {"a": "x" * MAX_EVENT_BYTES}])
def test_payload_that_json_cannot_carry_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode(Event("tick", payload))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff",
        b'{"payload":{}}',
        b'{"type":"tick"}',
        b'{"type":"Tick","payload":{}}',
        b'{"type":"reset","payload":{}}',
        b'{"type":"tick","payload":[]}',
        b'{"type":"tick","payload":{},"id":"1"}',
        b'{"type":"tick","payload":{},"id":0}',
        b'{"type":"tick","payload":{},"id":true}',
        b'{"type":"tick","payload":{},"id":1e999}',
        b'{"type":"tick","payload":{},"id":99999999999999999999}',
        b"[" * 100_000,
        b'{"type":"tick","payload":{"a":"' + b"x" * MAX_EVENT_BYTES + b'"}}',
    ],
)
def test_malformed_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode("sse_broadcast", data)


def test_foreign_envelope_needs_no_more_than_type_and_payload() -> None:
    envelope = decode("sse_broadcast", b'{"type": "tick", "payload": {"x": 1}, "more": 2}')
    assert (envelope.type, envelope.number, envelope.payload) == ("tick", None, {"x": 1})
