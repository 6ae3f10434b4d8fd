"""Channels: what an event is sent to, and the one place that knows how a channel is called where.

A channel is known by its channel-layer group name, everywhere in the code, in positions and in the log
(`sse_session_s-1`, `sse_agent_alice`, `sse_broadcast`). On Redis the same channel is `sse:session:s-1`,
`sse:agent:alice`, `sse:broadcast`.
"""

import re
from typing import NewType

Channel = NewType("Channel", str)

# fullmatch, since `$` lets a trailing newline through (Channels' own check of group names does).
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")

SESSION_PREFIX = "sse_session_"
AGENT_PREFIX = "sse_agent_"
BROADCAST = Channel("sse_broadcast")
WIRE_BROADCAST = "sse:broadcast"


def is_valid_name(name: object) -> bool:
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def session(session_name: str) -> Channel:
    """The channel of one session. Raises ValueError unless the name matches [A-Za-z0-9_.-]{1,64}."""
    return Channel(SESSION_PREFIX + _checked("session_name", session_name))


def agent(agent_id: str) -> Channel:
    """The channel of one agent. Raises ValueError unless the id matches [A-Za-z0-9_.-]{1,64}."""
    return Channel(AGENT_PREFIX + _checked("agent_id", agent_id))


def parse(group: str) -> Channel:
    """The channel that has this group name. Raises ValueError for any other text."""
    if group == BROADCAST:
        return BROADCAST
    for prefix in (SESSION_PREFIX, AGENT_PREFIX):
        if group.startswith(prefix) and is_valid_name(group[len(prefix) :]):
            return Channel(group)
    raise ValueError(f"not a channel: {group!r}; use session(name), agent(id) or BROADCAST")


def wire_name(channel: str) -> str:
    """The Redis Pub/Sub channel of a channel: sse_session_s-1 is sse:session:s-1."""
    if channel == BROADCAST:
        return WIRE_BROADCAST
    kind, _, name = channel.removeprefix("sse_").partition("_")
    return f"sse:{kind}:{name}"


def from_wire(wire: str) -> Channel:
    """The channel of a Redis Pub/Sub channel. Raises ValueError for any other text."""
    if wire == WIRE_BROADCAST:
        return BROADCAST
    _, _, rest = wire.partition(":")
    kind, _, name = rest.partition(":")
    return parse(f"sse_{kind}_{name}")


def _checked(what: str, name: str) -> str:
    if not is_valid_name(name):
        raise ValueError(f"{what} must be 1 to 64 characters of A-Z a-z 0-9 _ . -, got {name!r}")
    return name
