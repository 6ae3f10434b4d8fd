"""django-eventstream's own functions land in our log."""

import pytest
from django_eventstream import get_current_event_id, send_event
from django_eventstream.storage import EventDoesNotExist

from realtime import api
from realtime.eventstream import LogStorage

pytestmark = pytest.mark.django_db


def test_send_event_is_logged() -> None:
    send_event("sse_session_s-1", "tick", {"i": 1})
    [event] = LogStorage().get_events("sse_session_s-1", 0)
    assert (event.id, event.type) == (1, "tick")
    assert '"payload":{"i":1}' in event.data


def test_current_id_is_a_position() -> None:
    api.send_to_session("s-1", "tick", {})
    assert get_current_event_id(["sse_session_s-1"]) == "sse_session_s-1:1"


def test_unknown_id_is_told() -> None:
    with pytest.raises(EventDoesNotExist):
        LogStorage().get_events("sse_session_s-1", 7)


def test_channel_outside_the_contract_is_refused() -> None:
    with pytest.raises(ValueError, match="not a channel"):
        send_event("elsewhere", "tick", {})
