from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from realtime import groups
from realtime.events import Event, sources

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


@pytest.fixture
def project(settings: Settings) -> Iterator[Settings]:
    """The settings of another project: change them, they have not been read."""
    groups.kinds.cache_clear()
    sources.cache_clear()
    yield settings
    groups.kinds.cache_clear()
    sources.cache_clear()


def test_another_project_has_its_own_kinds(project: Settings) -> None:
    project.REALTIME_KINDS = ["order"]
    order = groups.channel("order", "o_7")
    assert order == groups.parse("sse_order_o_7") == groups.from_wire("sse:order:o_7")
    assert groups.wire_name(order) == "sse:order:o_7"
    with pytest.raises(ValueError, match="REALTIME_KINDS has order"):
        groups.session("s-1")
    with pytest.raises(ValueError, match="not a channel"):
        groups.parse("sse_session_s-1")


def test_kinds_are_sessions_and_agents_by_default(project: Settings) -> None:
    del project.REALTIME_KINDS
    assert groups.kinds() == {"session", "agent"}


def test_another_project_has_its_own_sources(project: Settings) -> None:
    project.REALTIME_SOURCES = ["shop"]
    assert Event("order_paid", {}, "shop").source == "shop"
    assert Event("order_paid", {}).source == "system"
    with pytest.raises(ValueError, match="source must be one of shop, system"):
        Event("order_paid", {}, "ai_chatbot")


@pytest.mark.parametrize("kind", ["two_words", "a:b", "Order", "", "broadcast", 7])
def test_kind_that_no_name_can_hold_is_refused(project: Settings, kind: object) -> None:
    project.REALTIME_KINDS = [kind]
    with pytest.raises(ImproperlyConfigured, match="REALTIME_KINDS"):
        groups.kinds()


@pytest.mark.parametrize("source", ["", "x" * 65, 7])
def test_source_that_is_no_short_text_is_refused(project: Settings, source: object) -> None:
    project.REALTIME_SOURCES = [source]
    with pytest.raises(ImproperlyConfigured, match="REALTIME_SOURCES"):
        sources()
