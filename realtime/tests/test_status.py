"""`manage.py realtime_status` names what is not as it should be."""

from io import StringIO

import pytest
from django.core.management import call_command

from realtime import api
from realtime.models import ChannelHead

pytestmark = pytest.mark.django_db


def shown() -> str:
    """What the command writes about the log, whatever it says about Redis."""
    output = StringIO()
    with pytest.raises(SystemExit):  # there is no Redis
        call_command("realtime_status", stdout=output)
    return output.getvalue()


def test_a_channel_that_lost_its_counter_is_named() -> None:
    for name in ("s-1", "s-2"):
        api.send_to_session(name, "tick", {})
    ChannelHead.objects.get(channel="sse_session_s-1").delete()
    assert "sse_session_s-1 has events up to 1, but its counter is lost: the next event mends it" in shown()


def test_a_counter_behind_its_log_is_named() -> None:
    for _ in range(3):
        api.send_to_session("s-1", "tick", {})
    ChannelHead.objects.update(last=2)
    assert "sse_session_s-1 has events up to 3, but its counter is 2: set it to 3" in shown()


def test_a_sound_log_names_no_channel() -> None:
    api.send_to_session("s-1", "tick", {})
    assert "channel " not in shown()
