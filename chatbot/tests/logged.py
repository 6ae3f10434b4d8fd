"""What the log holds."""

import json
from typing import Any

from realtime.models import LoggedEvent


def logged(channel: str) -> list[dict[str, Any]]:
    """The envelopes of a channel, in order."""
    rows = LoggedEvent.objects.filter(channel=channel).order_by("number").values_list("envelope", flat=True)
    return [json.loads(envelope) for envelope in rows]


def types_on(channel: str) -> list[str]:
    return [envelope["type"] for envelope in logged(channel)]
