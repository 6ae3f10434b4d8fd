"""The AsyncAPI document: every event that the product sends, on which channel, from the types that build them."""

import functools
from typing import Any, get_args

from pydantic import TypeAdapter

from chatbot.conversations.events import EVENT_TYPES, EventType
from chatbot.conversations.events.types import ChannelKind
from realtime.events import sources
from realtime.groups import NAME

Json = dict[str, Any]

REF_TEMPLATE = "#/components/schemas/{model}"

# Kind of channel: its name on Redis, what it is called after, and who reads it.
CHANNELS: dict[ChannelKind, tuple[str, str, str]] = {
    "session": ("sse:session:{session_name}", "session_name", "What the customer of one session may see."),
    "agent": ("sse:agent:{agent_id}", "agent_id", "What is for one agent; the id is the username."),
    "broadcast": ("sse:broadcast", "", "What every agent hears; sessions of the default team."),
    "team": ("sse:team:{team_id}", "team_id", "Sessions of another team, for its members and supervisors."),
}


@functools.cache
def asyncapi_document(title: str) -> Json:
    """The document of one service. What goes over Redis is the same for both."""
    schemas: Json = {}
    messages = {
        f"{kind}_{name}": _message(name, kind, event_type, schemas)
        for name, event_type in EVENT_TYPES.items()
        for kind in event_type.channels
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": "1", "description": __doc__},
        "defaultContentType": "application/json",
        "channels": {kind: _channel(kind) for kind in get_args(ChannelKind)},
        "operations": {f"send_{kind}": _operation(kind) for kind in get_args(ChannelKind)},
        "components": {"messages": messages, "schemas": schemas},
    }


def _channel(kind: ChannelKind) -> Json:
    address, parameter, description = CHANNELS[kind]
    parameters = {parameter: {"description": f"Matches {NAME.pattern}."}} if parameter else {}
    messages = {
        name: {"$ref": f"#/components/messages/{kind}_{name}"}
        for name, event_type in EVENT_TYPES.items()
        if kind in event_type.channels
    }
    return {"address": address, "description": description, "parameters": parameters, "messages": messages}


def _operation(kind: ChannelKind) -> Json:
    return {"action": "send", "channel": {"$ref": f"#/channels/{kind}"}}


def _message(name: str, kind: ChannelKind, event_type: EventType, schemas: Json) -> Json:
    """One event on one kind of channel: the envelope, with the payload that its readers see there."""
    payload = TypeAdapter(event_type.payload_on(kind)).json_schema(ref_template=REF_TEMPLATE)
    schemas.update(payload.pop("$defs", {}))
    schemas[payload["title"]] = payload
    properties: Json = {
        "type": {"const": name},
        "payload": {"$ref": REF_TEMPLATE.format(model=payload["title"])},
        "timestamp": {"type": "integer", "description": "Unix seconds."},
        "source": {"enum": sorted(sources())},
    }
    if event_type.durable:
        properties["id"] = {"type": "integer", "minimum": 1, "description": "The number of the event in its channel."}
    envelope = {"type": "object", "properties": properties, "required": list(properties)}
    return {"name": name, "summary": event_type.description, "payload": envelope}
