"""The ASGI route of an SSE stream, mounted in front of Django's handler.

A Django view that streams would cost a thread and a database connection per stream. Here a stream is its connection's
own coroutine, which only waits for the client to go away; what it is sent is written in the relay's turn of the loop.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError
from typing import Any
from urllib.parse import parse_qs

from django.db import DatabaseError
from django.http import parse_cookie
from django_eventstream.utils import sse_encode_event

from realtime import metrics, process
from realtime.database import tell_of_fault
from realtime.groups import Channel
from realtime.position import MalformedPosition, decode_position, encode_position
from realtime.relay import MAX_REPLAY, Frame, Start, place_of
from realtime.replay import Replay
from realtime.stream_limits import Key, TooManyStreams
from realtime.transport import Send, transport_for

logger = logging.getLogger(__name__)

Receive = Callable[[], Any]

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
RETRY_MS = (1_000, 3_000)
DRAIN_RETRY_MS = (100, 5_000)
FULL_RETRY_MS = (15_000, 30_000)  # too many are open: who goes on asking must not be a storm
KEEP_ALIVE_SECONDS = 15.0
KEEP_ALIVE = b":\n\n"
MAX_BACKLOG_BYTES = 256 * 1024
MAX_BEHIND_SECONDS = 10.0
READ_RIGHTS_HEADERS = ("authorization",)
NOTHING: Mapping[str, Any] = {}  # one for all streams


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """Who asks for which stream: kept while it is open, since its rights are checked again and again."""

    kwargs: Mapping[str, str]
    cookies: Mapping[str, str]
    headers: Mapping[str, str]
    query: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a stream is not for this client."""

    status: int
    code: str
    message: str


# Runs on a database thread with all requests at once, when streams open and every second while they are open.
Authorise = Callable[[Sequence[StreamRequest]], Sequence[Refusal | tuple[Channel, ...]]]


class Stream:
    """One open stream: a Subscriber of its channels and the Reader of its connection."""

    __slots__ = (
        "_backlog_bytes",
        "_is_flushing",
        "_outbox",
        "_paused_since",
        "_places",
        "_position",
        "_replay",
        "_transport",
        "channels",
        "ended",
        "last_write",
        "registry",
        "request",
        "route",
    )

    def __init__(self, route: "StreamRoute", request: StreamRequest, channels: tuple[Channel, ...]) -> None:
        self.route = route
        self.registry = process.current().registry
        self.request = request
        self.channels = channels
        self.ended = False
        self.last_write = 0.0
        self._transport: Any = None
        self._position: dict[str, int] = {}
        self._places: dict[str, bytes] | None = None  # the same, encoded, if there are several channels
        self._replay: Replay | None = Replay()  # None once the stream is live
        self._outbox: list[bytes] = []
        self._backlog_bytes = 0
        self._is_flushing = False
        self._paused_since: float | None = None

    # Opening

    async def open(self, send: Send, starts: Mapping[str, Start], retry_ms: int) -> None:
        """Send the first block. What was missed and what came meanwhile follows it, now or by `catch_up`."""
        transport = transport_for(send, self)
        await transport.begin(200, HEADERS)
        replay = self._replay
        assert replay is not None
        self._transport = transport
        if replay.resets:
            starts = {**starts, **replay.resets}
        self._position = {channel: start.after for channel, start in starts.items()}
        if len(starts) > 1:
            self._places = {channel: place_of(channel, start.after) for channel, start in starts.items()}
        for channel, start in starts.items():
            replay.upto[channel] = max(start.upto, replay.upto.get(channel, 0))
        self._put(b"retry: %d\n%b" % (retry_ms, self._local_event("stream-open", {})))
        if lost := [channel for channel, start in starts.items() if start.reset]:
            self._put(self._reset_event(lost))
        if self._channel_behind(replay) is None:
            self._go_live(replay)
        else:
            replay.task = asyncio.create_task(self._catch_up(replay), name="stream-replay")

    async def _catch_up(self, replay: Replay) -> None:
        """Write what was missed, a part at a time as the client takes them, then what came meanwhile, and go live."""
        try:
            while (channel := self._channel_behind(replay)) is not None:
                await self._write_part(channel)
                while self._paused_since is not None:
                    await replay.wait_for_room()
                if self.ended:
                    return
            self._go_live(replay)
        except DatabaseError as error:
            logger.warning("a replay is given up, the client will go on with it: %s", type(error).__name__)
            self.end(random.randint(*RETRY_MS))
        except Exception:
            logger.exception("a replay failed")
            self.cut("error")

    def _channel_behind(self, replay: Replay) -> str | None:
        """A channel of which the log has more for this client; those that went too far ahead of it are reset."""
        for channel, upto in replay.upto.items():
            if upto - self._position[channel] > MAX_REPLAY:
                self._lose(channel, upto)
            elif upto > self._position[channel]:
                return channel
        return None

    async def _write_part(self, channel: str) -> None:
        after = self._position[channel]
        part = await process.current().parts((channel, after))
        if self.ended or self._replay is None or self._position[channel] != after:  # or reset meanwhile
            return
        if not part:
            self._lose(channel, self._replay.upto[channel])
        for number, frame in part:
            self._deliver(channel, number, frame)
        metrics.DELIVERED.inc(self.flush())

    def _go_live(self, replay: Replay) -> None:
        self._replay = None
        for channel, number, frame in replay.held:
            self._deliver(channel, number, frame)

    # Subscriber

    def deliver(self, channel: str, number: int | None, frame: Frame) -> None:
        if self._replay is not None:
            self._replay.hold(channel, number, frame)
        else:
            self._deliver(channel, number, frame)

    def reset(self, channel: str, last: int) -> None:
        if self._replay is not None:
            self._replay.reset(channel, last)
        if self._transport is not None:  # else `open` will tell it
            self._tell_reset(channel, last)

    def _lose(self, channel: str, last: int) -> None:
        """What follows the client's position is no longer known, or is too much."""
        metrics.RESETS.inc()
        self._tell_reset(channel, last)

    def _tell_reset(self, channel: str, last: int) -> None:
        self._position[channel] = last
        if self._places is not None:
            self._places[channel] = place_of(channel, last)
        self._put(self._reset_event([channel]))

    def notice(self, event_type: str, payload: Mapping[str, Any]) -> None:
        """Send a local event: `degraded` or `recovered`."""
        if self._transport is not None:
            self._put(self._local_event(event_type, payload))

    def _deliver(self, channel: str, number: int | None, frame: Frame) -> None:
        if number is None:
            self._put(frame.body)
            return
        if number <= self._position[channel]:
            return
        self._position[channel] = number
        if self._places is None:
            self._put(frame.numbered)
        else:
            # encode_position, of which only one part has changed; group names need none of its quoting
            self._places[channel] = frame.place
            self._put(b"id: %b\n%b" % (b",".join(self._places.values()), frame.body))

    def _local_event(self, event_type: str, payload: Mapping[str, Any]) -> bytes:
        envelope = {"type": event_type, "payload": payload, "timestamp": int(time.time()), "source": "system"}
        frame: str = sse_encode_event(event_type, json.dumps(envelope), event_id=encode_position(self._position))
        return frame.encode()

    def _reset_event(self, channels: Sequence[str]) -> bytes:
        return self._local_event("reset", {"channels": channels})

    # Writing

    def _put(self, data: bytes) -> None:
        self._outbox.append(data)
        self._backlog_bytes += len(data)
        if not self._is_flushing and self._paused_since is None:
            self._is_flushing = True
            self.registry.flush_soon(self)
        elif self._paused_since is not None and self._backlog_bytes > MAX_BACKLOG_BYTES:
            self.cut("too much unsent")

    def flush(self) -> int:
        """Write what this turn of the loop has collected, in one piece; returns the number of frames."""
        self._is_flushing = False
        if self._paused_since is not None or self.ended or not self._outbox:
            return 0
        frames, self._outbox, self._backlog_bytes = self._outbox, [], 0
        self.last_write = self.registry.now
        self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        return len(frames)

    def pause(self) -> None:
        """The connection is full."""
        if self._paused_since is None:
            self._paused_since = time.monotonic()

    def resume(self) -> None:
        """The connection has drained."""
        self._paused_since = None
        if self._replay is not None:
            self._replay.drained()
        if self._outbox and not self._is_flushing:
            self._is_flushing = True
            self.registry.flush_soon(self)

    def tick(self, now: float) -> None:
        """Called each second."""
        if self._paused_since is not None:
            if now - self._paused_since > MAX_BEHIND_SECONDS:
                self.cut("too far behind")
        elif self._transport is not None and now - self.last_write > KEEP_ALIVE_SECONDS and not self._outbox:
            self._put(KEEP_ALIVE)

    # Ending

    def drain(self) -> None:
        """End the response of a process that stops; clients come back at different moments."""
        self.end(retry_ms=random.randint(*DRAIN_RETRY_MS))

    def end(self, retry_ms: int | None = None) -> None:
        """End the response after what was written; the client comes back with its position."""
        if self.ended or self._transport is None:
            return
        if retry_ms is not None:
            self._put(b"retry: %d\n\n" % retry_ms)
        self.flush()
        self.ended = True
        self._transport.end()

    def cut(self, reason: str) -> None:
        """Abort the connection of a client that does not read."""
        if not self.ended:
            self.ended = True
            metrics.STREAMS_ENDED.labels(reason).inc()
            logger.info("cut off a stream that does not read: %s channels=%s", reason, ",".join(self.channels))
            self._outbox.clear()
            self._transport.abort()

    def close(self) -> None:
        self.ended = True
        if self._replay is not None:
            self._replay.cancel()
        self._outbox.clear()
        if self._transport is not None:
            self._transport.close()


class StreamRoute:
    """An ASGI application that answers GET with the stream that `authorise` grants.

    Open streams are counted for REALTIME_STREAM_LIMITS as the limit `address` by what `address_of` makes of the scope,
    before anything is asked of the database, and by (limit, whose) of `owner_of` once they are granted.
    """

    def __init__(
        self,
        authorise: Authorise,
        *,
        address_of: Callable[[Mapping[str, Any]], str] | None = None,
        owner_of: Callable[[StreamRequest], Key] | None = None,
    ) -> None:
        self.authorise = authorise
        self.address_of = address_of
        self.owner_of = owner_of

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        rest = await self.begin(scope, receive, send)
        if rest is not None:
            await rest

    async def begin(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> Coroutine[Any, Any, None] | None:
        """Find out who asks; return the stream itself, to be awaited, or None if all is answered.

        So a caller can leave the routers that led here, with what they hold, before it waits: 3 KiB a stream.
        """
        if scope["method"] != "GET":
            refusal = Refusal(405, "METHOD_NOT_ALLOWED", "Use GET to read a stream.")
            await _refuse(send, refusal, [(b"allow", b"GET")])
            return None
        runtime = await process.start()
        request, position = _read_request(scope), _last_event_id(scope)
        address = self.address_of(scope) if self.address_of is not None else None
        scope["headers"].clear()  # the server holds the scope for as long as the stream is open
        if runtime.is_draining:
            await _pass_by(send)
            return None
        counted: list[Key] = []
        stream = None
        try:
            stream = await self._admit(runtime, request, address, counted, send)
        finally:
            if stream is None:
                runtime.stream_limits.give_back(counted)
        return _serve(runtime, stream, tuple(counted), position, receive, send) if stream is not None else None

    async def _admit(
        self, runtime: "process.Process", request: StreamRequest, address: str | None, counted: list[Key], send: Send
    ) -> Stream | None:
        """The stream that is granted, or None when its refusal is answered. `counted` is what it counts as by then."""
        limits = runtime.stream_limits
        try:
            if address is not None:
                counted += limits.take(("address", address))
            granted = await runtime.authorise(self.authorise, request)
            if isinstance(granted, Refusal):
                await _refuse(send, granted)
                return None
            if self.owner_of is not None:
                counted += limits.take(self.owner_of(request))
        except TooManyStreams:
            await _pass_by(send, FULL_RETRY_MS)
            return None
        except DatabaseError as error:
            await _fail(send, error)
            return None
        return Stream(self, request, granted)


async def _serve(
    runtime: "process.Process",
    stream: Stream,
    counted: tuple[Key, ...],
    position: str,
    receive: Receive,
    send: Send,
) -> None:
    """Open the stream and keep it until the client goes away or the response has ended."""
    try:
        wanted, malformed = _wanted_position(position, stream.channels)
        try:
            starts = await runtime.relay.begin(stream, wanted)
        except DatabaseError as error:
            await _fail(send, error)
            return
        if runtime.is_draining:  # it was told to end before it was there to be told
            await _pass_by(send)
            return
        if malformed:
            starts = {channel: Start(start.after, start.upto, reset=True) for channel, start in starts.items()}
        runtime.registry.add(stream)
        await stream.open(send, starts, random.randint(*RETRY_MS))
        runtime.tell_if_degraded(stream)
        del starts, wanted, position
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        runtime.stream_limits.give_back(counted)
        runtime.registry.remove(stream)
        runtime.relay.unsubscribe(stream, stream.channels)
        stream.close()


def _read_request(scope: Mapping[str, Any]) -> StreamRequest:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    try:
        cookies = parse_cookie(headers.get(b"cookie", ""))
    except CookieError:
        cookies = {}
    query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=None)
    return StreamRequest(
        kwargs=scope["url_route"]["kwargs"],
        cookies=cookies or NOTHING,
        headers={name: headers[name.encode()] for name in READ_RIGHTS_HEADERS if name.encode() in headers},
        query={name: values for name, values in query.items() if name != "lastEventId"} or NOTHING,
    )


def _wanted_position(text: str, channels: Sequence[Channel]) -> tuple[dict[str, int | None], bool]:
    """{channel: number the client has, None for live from now}, and whether its position was no use.

    A channel that the client's position does not name is one whose history it cannot know: it gets a `reset`, too.
    """
    if not text:
        return dict.fromkeys(channels, None), False
    try:
        known = decode_position(text, channels)
    except MalformedPosition:
        known = {}
    if not known:
        return dict.fromkeys(channels, None), True
    # -1 is before every log: the relay answers it with a reset
    return {channel: known.get(channel, -1) for channel in channels}, False


def _last_event_id(scope: Mapping[str, Any]) -> str:
    """`Last-Event-ID`, else the last non-empty `?lastEventId=`."""
    for name, value in scope["headers"]:
        if name == b"last-event-id" and value:
            return str(value.decode("latin-1"))
    values: list[str] = parse_qs(scope["query_string"].decode("latin-1")).get("lastEventId", [""])
    return values[-1]


async def _refuse(send: Send, refusal: Refusal, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    body = json.dumps({"error": {"code": refusal.code, "message": refusal.message}}).encode()
    await send(
        {
            "type": "http.response.start",
            "status": refusal.status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"cache-control", b"no-store"),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _fail(send: Send, error: DatabaseError) -> None:
    tell_of_fault(logger, error, "a stream could not be opened, the client will try again")
    await _pass_by(send)


async def _pass_by(send: Send, retry_ms: tuple[int, int] = RETRY_MS) -> None:
    """Answer a passing fault: Chromium gives an EventSource up for ever after any answer but 200."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"retry: %d\n\n" % random.randint(*retry_ms)})
