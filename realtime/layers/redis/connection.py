"""One connection to a Redis server: commands out, what comes back in batches, in the turn of the loop that reads it.

redis-py connects (URLs, TLS, passwords, Sentinel); then this protocol takes its transport over. So there is no task
that reads, and a loop that stood still counts an answer that came meanwhile before the time limit that has passed:
asyncio runs what was read before what is due.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import hiredis
from channels_redis.utils import create_pool
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff

CONNECT_SECONDS = 1.0
# All of a burst in one turn would fill each stream's connection before the kernel has sent any of it.
REPLIES_PER_TURN = 50
INCOMPLETE = object()


class Owner(Protocol):
    """Who uses the connection. Must not raise: what leaves `data_received` makes asyncio close the connection."""

    def replied(self, replies: Sequence[Any]) -> None:
        """All complete replies that came at once, REPLIES_PER_TURN at most."""

    def lost(self, error: BaseException) -> None:
        """The connection has ended without `close`."""


class RedisConnection(asyncio.Protocol):
    """Lives in one event loop; tells its owner of replies, and of its end once, unless it was closed."""

    def __init__(self, owner: Owner) -> None:
        self._owner: Owner | None = owner
        self._parser = hiredis.Reader(notEnoughData=INCOMPLETE)
        self._redis: Any = None  # redis-py's connection: it owns the socket
        self._transport: Any = None

    @classmethod
    async def open(cls, host: dict[str, Any], owner: Owner) -> "RedisConnection":
        """Connect as `host` (of channels_redis) says. Raises RedisError or OSError."""
        connection = cls(owner)
        connection._redis = await _connect(host)
        connection._transport = connection._redis._writer.transport
        connection._transport.set_protocol(connection)
        return connection

    def send(self, *commands: Any) -> None:
        """Write commands, joined, in this turn."""
        self._transport.write(b"".join(hiredis.pack_command(command) for command in commands))

    def close(self) -> None:
        """Cut the connection, whatever is unsent; the owner hears no more of it."""
        self._owner = None
        self._transport.abort()
        self._redis._close()

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        self._parser.feed(data)
        self._hand_over()

    def _hand_over(self) -> None:
        replies: list[Any] = []
        try:
            while len(replies) < REPLIES_PER_TURN and (reply := self._parser.gets()) is not INCOMPLETE:
                replies.append(reply)
        except hiredis.ProtocolError as error:
            self.connection_lost(error)
            return
        if self._owner is not None and replies:
            self._owner.replied(replies)
        if len(replies) == REPLIES_PER_TURN:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._hand_over_more)

    def _hand_over_more(self) -> None:
        if self._owner is not None:
            self._transport.resume_reading()
            self._hand_over()

    def connection_lost(self, error: BaseException | None) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.lost(error or ConnectionResetError("closed by Redis"))


async def _connect(host: dict[str, Any]) -> Any:
    pool = create_pool(
        {
            "protocol": 2,
            "retry": Retry(NoBackoff(), 0),
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_keepalive": True,
            **host,
        }
    )
    try:
        return await pool.get_connection()
    finally:
        if isinstance(pool, SentinelConnectionPool):  # it has asked where the master is, and kept the line open
            await pool.sentinel_manager.aclose()
