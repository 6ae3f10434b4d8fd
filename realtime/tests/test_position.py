import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.groups import BROADCAST, NAME, agent, session
from realtime.stream.position import MalformedPosition, decode_position, encode_position

NAMES = st.from_regex(NAME, fullmatch=True)
NUMBERS = st.integers(0, 10**18 - 1)


@given(NAMES, NUMBERS, NUMBERS)
def test_position_leads_back_to_its_numbers(name: str, first: int, second: int) -> None:
    position = {str(agent(name)): first, str(BROADCAST): second}
    assert decode_position(encode_position(position), [agent(name), BROADCAST]) == position


def test_positions_joined_count_the_lower_number() -> None:
    channels = [session("s-1"), BROADCAST]
    joined = "sse_session_s-1:5,sse_broadcast:9,sse_broadcast:7"
    assert decode_position(joined, channels) == {"sse_session_s-1": 5, "sse_broadcast": 7}


def test_other_channels_are_left_out() -> None:
    assert decode_position("sse_session_other:5,sse_broadcast:9", [BROADCAST]) == {"sse_broadcast": 9}


@given(st.text(max_size=50))
def test_any_text_is_a_position_or_malformed(text: str) -> None:
    try:
        numbers = decode_position(text, [BROADCAST])
    except MalformedPosition:
        return
    assert all(number >= 0 for number in numbers.values())


@pytest.mark.parametrize(
    "text",
    [
        *("sse_broadcast", "sse_broadcast:", "sse_broadcast:x", "sse_broadcast:-1", "sse_broadcast:1_0"),
        *("sse_broadcast:+1", "sse_broadcast: 1", "sse_broadcast:１", "sse_broadcast:" + "9" * 19),
        *("sse_broadcast:1:2", ",", "error", "x" * 5000),
    ],
)
def test_malformed_position_is_told(text: str) -> None:
    with pytest.raises(MalformedPosition):
        decode_position(text, [BROADCAST])
