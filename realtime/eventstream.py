"""django-eventstream over our log: its storage and channel manager, so that its `send_event` lands here too."""

import json
from collections.abc import Mapping
from typing import Any

from django_eventstream.channelmanager import DefaultChannelManager
from django_eventstream.event import Event as EventstreamEvent
from django_eventstream.storage import EventDoesNotExist, StorageBase

from realtime import api, groups, log
from realtime.events import Event


class LogStorage(StorageBase):  # type: ignore[misc]
    """django-eventstream's storage interface; a channel is a group name (`sse_session_s-1`)."""

    def append_event(self, channel: str, event_type: str, data: str) -> EventstreamEvent:
        """Send an event whose data is the JSON of its payload. Raises ValueError as realtime.api does."""
        payload = json.loads(data)
        if not isinstance(payload, Mapping):
            raise ValueError("the data of an event must be a JSON object")
        [number] = api.send_many([(groups.parse(channel), Event(event_type, payload))])
        return EventstreamEvent(channel, event_type, data, id=number)

    def get_events(self, channel: str, last_id: int, limit: int = 100) -> list[EventstreamEvent]:
        """The events after `last_id`. Raises EventDoesNotExist if they are no longer, or were never, in the log."""
        head = log.heads([channel])[channel]
        if not head.pruned <= last_id <= head.last:
            raise EventDoesNotExist(f"no such event in {channel}", head.last)
        events = log.read({channel: (last_id, min(head.last, last_id + limit))})[channel]
        return [EventstreamEvent(channel, e.type, e.data.decode(), id=e.number) for e in events]

    def get_current_id(self, channel: str) -> int:
        return log.heads([channel])[channel].last


class GroupChannelManager(DefaultChannelManager):  # type: ignore[misc]
    """Channels come from the stream's route, which has checked who asks; there is no Django user at that point."""

    def get_channels_for_request(self, request: Any, view_kwargs: Mapping[str, Any]) -> set[str]:
        return set(view_kwargs["channels"])
