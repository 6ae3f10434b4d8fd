"""The ASGI applications of streams, in front of Django's handler.

A Django view that streams would cost a thread and a database connection per stream. Here a stream is its connection's
own coroutine, which only waits for the client to go away; what it is put is written in the relay's turn of the loop.
"""

import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from django.db import DatabaseError
from django.urls.resolvers import RoutePattern

from realtime import process
from realtime.database import log_fault
from realtime.delivery.opening import Start
from realtime.process import Process
from realtime.stream.limits import Key, TooManyStreams
from realtime.stream.request import Authorise, Refusal, StreamRequest, last_event_id, read_request, wanted_position
from realtime.stream.sockets import Send, socket_for
from realtime.stream.stream import RETRY_MS, Stream

logger = logging.getLogger(__name__)

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

FULL_RETRY_MS = (15_000, 30_000)  # too many are open: clients that come back must not be a storm


class Draining(Exception):
    """The process stops; the client is to come back."""


class Streams:
    """The streams of a service at their paths (Django's route syntax, without the first slash).

    Every other request goes to `application`.

    They stand before Channels' routers, which would keep 3 KiB for each open stream.
    """

    def __init__(self, routes: Sequence[tuple[str, "StreamRoute"]], application: Any) -> None:
        self._routes = [(RoutePattern(path, is_endpoint=True), route) for path, route in routes]
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answering = self.answer(scope, receive, send)
        del scope, receive, send  # while the stream is open nothing is kept of how it came here
        await answering

    def answer(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """The coroutine that answers, for a caller to await: one coroutine more costs 0.3 KiB of an open stream."""
        root = scope.get("root_path", "")
        if scope["type"] == "http" and scope["path"].startswith(root):
            path = scope["path"][len(root) :].lstrip("/")
            for pattern, route in self._routes:
                if found := pattern.match(path):
                    return route.serve(scope, found[2], receive, send)
        answering: Awaitable[None] = self._application(scope, receive, send)
        return answering


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

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """As an application in Channels' URLRouter."""
        await self.serve(scope, scope["url_route"]["kwargs"], receive, send)

    async def serve(self, scope: Any, kwargs: Mapping[str, Any], receive: Any, send: Send) -> None:
        """Open a stream and keep it until the client goes away or the response has ended."""
        if scope["method"] != "GET":
            await _refuse(send, Refusal(405, "METHOD_NOT_ALLOWED", "Use GET to read a stream."), [(b"allow", b"GET")])
            return
        runtime = await process.start()
        counted: list[Key] = []
        try:
            stream = await self._open(runtime, scope, kwargs, send, counted)
            if stream is None:
                return
            del scope, kwargs, send  # while the stream is open nothing is kept of how it came here
            try:
                while (await receive())["type"] != "http.disconnect":
                    pass
            finally:
                _close(runtime, stream)
        finally:
            runtime.limits.give_back(counted)

    async def _open(
        self, runtime: Process, scope: Any, kwargs: Mapping[str, Any], send: Send, counted: list[Key]
    ) -> Stream | None:
        """Find out who asks, for what, and from where; None if the request was refused and answered.

        `counted` gets the limits that the stream counts for.
        """
        request, position = read_request(scope, kwargs), last_event_id(scope)
        address = self.address_of(scope) if self.address_of is not None else None
        scope["headers"].clear()  # the server holds the scope for as long as the stream is open
        try:
            granted = await self._ask(runtime, request, address, counted)
            if isinstance(granted, Refusal):
                await _refuse(send, granted)
                return None
            stream = Stream(self.authorise, request, granted)
            starts = await runtime.opening.subscribe(stream, wanted_position(position, granted))
        except TooManyStreams:
            await _answer_retry(send, FULL_RETRY_MS)
            return None
        except Draining:
            await _answer_retry(send)
            return None
        except DatabaseError as error:
            log_fault(logger, error, "a stream could not be opened, the client will try again")
            await _answer_retry(send)
            return None
        return await _begin(runtime, stream, starts, send)

    async def _ask(self, runtime: Process, request: StreamRequest, address: str | None, counted: list[Key]) -> Any:
        """What is granted. Raises Draining, TooManyStreams and DatabaseError."""
        if runtime.streams.is_draining:
            raise Draining
        if address is not None:
            counted += runtime.limits.take(("address", address))
        granted = await runtime.rights.authorise(self.authorise, request)
        if self.owner_of is not None and not isinstance(granted, Refusal):
            counted += runtime.limits.take(self.owner_of(request))
        return granted


def _close(runtime: Process, stream: Stream) -> None:
    runtime.streams.remove(stream)
    runtime.relay.unsubscribe(stream, stream.channels)
    stream.close()


async def _begin(runtime: Process, stream: Stream, starts: Mapping[str, Start], send: Send) -> Stream | None:
    """Begin the response and write its first block; None if the process stops meanwhile."""
    try:
        if runtime.streams.is_draining:  # all streams were ended before this one was there
            runtime.relay.unsubscribe(stream, stream.channels)
            await _answer_retry(send)
            return None
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        stream.open(socket_for(send, stream), starts)
        if runtime.relay.degraded_since is not None:
            stream.link_changed(runtime.relay.degraded_since)
        runtime.streams.add(stream)
    except BaseException:
        runtime.relay.unsubscribe(stream, stream.channels)
        raise
    if runtime.streams.is_draining:
        stream.drain()
    return stream


async def _refuse(send: Send, refusal: Refusal, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    body = json.dumps({"error": {"code": refusal.code, "message": refusal.message}}).encode()
    about = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    about += [(b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": refusal.status, "headers": about})
    await send({"type": "http.response.body", "body": body})


async def _answer_retry(send: Send, retry_ms: tuple[int, int] = RETRY_MS) -> None:
    """Answer a passing fault: after any status but 200 Chromium never connects an EventSource again."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"retry: %d\n\n" % random.randint(*retry_ms)})
