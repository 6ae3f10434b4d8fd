"""Channels: what an event is sent to, and the one place that knows how a channel is called where.

A channel is known by its channel-layer group name, everywhere in the code, in positions and in the log
(`sse_session_s-1`, `sse_agent_alice`, `sse_broadcast`). On Redis the same channel is `sse:session:s-1`,
`sse:agent:alice`, `sse:broadcast`. Which kinds there are besides `broadcast` is a setting, REALTIME_KINDS.
"""

import functools
import re
from typing import NewType

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Channel = NewType("Channel", str)

# fullmatch, since `$` lets a trailing newline through (Channels' own check of group names does).
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")

KIND = re.compile(r"[a-z][a-z0-9]*")  # no `_` and no `:`, which part a kind from its name
DEFAULT_KINDS = ("session", "agent")

BROADCAST = Channel("sse_broadcast")
WIRE_BROADCAST = "sse:broadcast"


@functools.cache
def kinds() -> frozenset[str]:
    """The kinds of channel that have names, from settings.REALTIME_KINDS, which is read once.

    Raises ImproperlyConfigured for one that is not lower-case letters and digits, or is `broadcast`.
    """
    wanted = frozenset(getattr(settings, "REALTIME_KINDS", DEFAULT_KINDS))
    for kind in sorted(wanted, key=str):
        if not isinstance(kind, str) or not KIND.fullmatch(kind) or kind == "broadcast":
            raise ImproperlyConfigured(
                f"REALTIME_KINDS: a kind matches {KIND.pattern} and is not 'broadcast', got {kind!r}"
            )
    return wanted


def is_valid_name(name: object) -> bool:
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def channel(kind: str, name: str) -> Channel:
    """The channel of one thing of a kind: `channel("session", "s-1")`.

    Raises ValueError unless REALTIME_KINDS has the kind and the name matches [A-Za-z0-9_.-]{1,64}.
    """
    return _channel(kind, name, f"the name of a channel of kind {kind}")


def session(session_name: str) -> Channel:
    """The channel of one session. Raises ValueError unless the name matches [A-Za-z0-9_.-]{1,64}."""
    return _channel("session", session_name, "session_name")


def agent(agent_id: str) -> Channel:
    """The channel of one agent. Raises ValueError unless the id matches [A-Za-z0-9_.-]{1,64}."""
    return _channel("agent", agent_id, "agent_id")


def agent_of(channel: Channel) -> str | None:
    """The id of the agent whose channel this is; None if it is another one."""
    prefix = "sse_agent_"
    return channel.removeprefix(prefix) if channel.startswith(prefix) else None


def parse(group: str) -> Channel:
    """The channel that has this group name. Raises ValueError for any other text."""
    if group == BROADCAST:
        return BROADCAST
    prefix, _, rest = group.partition("_")
    kind, _, name = rest.partition("_")
    if prefix == "sse" and kind in kinds() and is_valid_name(name):
        return Channel(group)
    raise ValueError(f"not a channel: {group!r}; use session(name), agent(id), channel(kind, name) or BROADCAST")


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


def _channel(kind: str, name: str, what: str) -> Channel:
    if kind not in kinds():
        raise ValueError(f"{kind!r} is no kind of channel; settings.REALTIME_KINDS has {', '.join(sorted(kinds()))}")
    if not is_valid_name(name):
        raise ValueError(f"{what} must be 1 to 64 characters of A-Z a-z 0-9 _ . -, got {name!r}")
    return Channel(f"sse_{kind}_{name}")
