import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from realtime.delivery.frame import Frame
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
        Event("tick", {}, "somebody")


def nested(levels: int) -> list[Any]:
    return [nested(levels - 1)] if levels else []


@pytest.mark.parametrize(
    "payload", [{"a": {1}}, {"a": float("nan")}, {"a": "\ud800"}, {"a": "x" * MAX_EVENT_BYTES}, {"a": nested(200)}]
)
def test_payload_that_json_cannot_carry_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode(Event("tick", payload))


TICK = '{"type":"tick","payload":{"a":"é"}}'
NOT_UTF8 = [
    *(TICK.encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1")),
    b'{"type":"tick","payload":{"a":"\xed\xa0\x80"}}',  # a surrogate, encoded as if it were a character
]
ONLY_PYTHONS_JSON = [
    *(b'{"type":"tick","payload":{"a":%b}}' % number for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999")),
    *(
        b'{"type":"tick","payload":{"a":"%b"}}' % text
        for text in (rb"\ud800", rb"\uDC00x", rb"\ude00\ud83d", rb"\\\ud800")
    ),
    rb'{"type":"tick","payload":{"\ud800":1}}',
]
TOO_DEEP = b'{"type":"tick","payload":{"a":' + b"[" * 900 + b"]" * 900 + b"}}"


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
        *NOT_UTF8,
        *ONLY_PYTHONS_JSON,
        TOO_DEEP,
    ],
)
def test_malformed_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode("sse_broadcast", data)


def test_foreign_envelope_needs_no_more_than_type_and_payload() -> None:
    envelope = decode("sse_broadcast", b'{"type": "tick", "payload": {"x": 1}, "more": 2}')
    assert (envelope.type, envelope.number, envelope.payload) == ("tick", None, {"x": 1})


def test_text_outside_ascii_may_be_escaped() -> None:
    envelope = decode("sse_broadcast", rb'{"type":"tick","payload":{"a":"\u4f60\ud83d\ude00 \\ud800"}}')
    assert envelope.payload == {"a": "你😀 \\ud800"}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON_VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=4), SCALARS, max_size=2)
TYPES = st.sampled_from(["tick", "new_message", "a\nb", "tick\n", "reset", "T"]) | st.text(max_size=10)
WRITERS: st.SearchStrategy[Callable[[Any], str]] = st.sampled_from(
    [
        json.dumps,
        partial(json.dumps, ensure_ascii=False),
        partial(json.dumps, indent=1),
        lambda content: json.dumps(content, indent=1).replace("\n", "\r"),
    ]
)
ENCODINGS = st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"])


@st.composite
def foreign_messages(draw: st.DrawFn) -> bytes:
    """What another program may send: nearly an envelope, or an envelope of which some bytes are changed."""
    content = draw(
        st.fixed_dictionaries(
            {"type": TYPES, "payload": st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4)},
            optional={"id": st.integers() | JSON_VALUES, "timestamp": JSON_VALUES, "source": JSON_VALUES},
        )
    )
    data = bytearray(draw(WRITERS)(content).encode(draw(ENCODINGS), "surrogatepass"))
    for at, value in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=2)):
        data[at] = value
    return bytes(data)


@given(data=foreign_messages())
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_taken_can_be_framed_and_read(data: bytes) -> None:
    try:
        envelope = decode("sse_broadcast", data)
    except ValueError:
        return
    frame = Frame(envelope)
    first, second = frame.numbered.decode().split("\n")[:2]
    assert (first, second) == (f"id: sse_broadcast:{envelope.number or 0}", f"event: {envelope.type}")
    assert read_back(frame.body) == json.loads(data)
    json.dumps(envelope.payload, ensure_ascii=False, allow_nan=False).encode()


def read_back(frame: bytes) -> Any:
    """What an EventSource hands to the page: lines end at CR, LF or both."""
    lines = re.split(r"\r\n|\r|\n", frame.decode())
    return json.loads("\n".join(line.removeprefix("data: ") for line in lines if line.startswith("data: ")))
