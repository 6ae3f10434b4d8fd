import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import groups

NAMES = st.from_regex(groups.NAME, fullmatch=True)


def test_group_names_are_the_contracts() -> None:
    assert groups.session("s-1") == "sse_session_s-1"
    assert groups.agent("alice") == "sse_agent_alice"
    assert groups.BROADCAST == "sse_broadcast"


def test_wire_names_are_the_contracts() -> None:
    assert groups.wire_name(groups.session("s-1")) == "sse:session:s-1"
    assert groups.wire_name(groups.agent("alice")) == "sse:agent:alice"
    assert groups.wire_name(groups.BROADCAST) == "sse:broadcast"


@given(NAMES)
def test_wire_name_leads_back_to_its_channel(name: str) -> None:
    for channel in (groups.session(name), groups.agent(name)):
        assert groups.from_wire(groups.wire_name(channel)) == channel


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "a\n", "é", "a/b", "a:b", None, 7])
def test_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="64 characters"):
        groups.session(name)


@pytest.mark.parametrize("wire", ["sse:session:", "sse:other:x", "sse:broadcast:x", "session:x", ""])
def test_foreign_wire_name_is_refused(wire: str) -> None:
    with pytest.raises(ValueError, match="not a channel"):
        groups.from_wire(wire)
