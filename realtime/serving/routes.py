"""The ASGI applications of streams, in front of Django's handler.

A Django view that streams would cost a thread and a database connection per stream. Here a stream is its connection's
own coroutine, which only waits for the client to go away; what it is put is written in the relay's turn of the loop.
"""

import json
import logging
import random
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError
from django.urls.resolvers import RoutePattern

from realtime import process
from realtime.delivery.opening import Start
from realtime.process import Process
from realtime.stream.request import Authorise, Refusal, last_event_id, read_request, wanted_position
from realtime.stream.sockets import Send, socket_for
from realtime.stream.stream import RETRY_MS, Stream

logger = logging.getLogger(__name__)

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Streams:
    """The streams of a service at their paths (Django's route syntax, without the first slash), and everything else in
    front of which they stand.

    Channels' routers would keep 3 KiB for each open stream: so they do not see streams.
    """

    def __init__(self, routes: Sequence[tuple[str, Authorise]], application: Any) -> None:
        self._routes = [(RoutePattern(path, is_endpoint=True), StreamRoute(authorise)) for path, authorise in routes]
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        serving = self._begin(scope, receive, send)
        del scope, receive, send  # while the stream is open nothing is kept of how it came here
        await serving

    def _begin(self, scope: Any, receive: Any, send: Any) -> Any:
        root = scope.get("root_path", "")
        if scope["type"] == "http" and scope["path"].startswith(root):
            path = scope["path"][len(root) :].lstrip("/")
            for pattern, route in self._routes:
                if found := pattern.match(path):
                    return route.serve(scope, found[2], receive, send)
        return self._application(scope, receive, send)


class StreamRoute:
    """An ASGI application that answers GET with the stream that `authorise` grants."""

    def __init__(self, authorise: Authorise) -> None:
        self.authorise = authorise

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """As an application in Channels' URLRouter."""
        await self.serve(scope, scope["url_route"]["kwargs"], receive, send)

    async def serve(self, scope: Any, kwargs: Mapping[str, Any], receive: Any, send: Send) -> None:
        """Open a stream and keep it until the client goes away or the response has ended."""
        if scope["method"] != "GET":
            await _refuse(send, Refusal(405, "METHOD_NOT_ALLOWED", "Use GET to read a stream."), [(b"allow", b"GET")])
            return
        runtime = await process.start()
        stream = await self._open(runtime, scope, kwargs, send)
        if stream is None:
            return
        del scope, kwargs, send
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            runtime.streams.remove(stream)
            runtime.relay.unsubscribe(stream, stream.channels)
            stream.close()

    async def _open(self, runtime: Process, scope: Any, kwargs: Mapping[str, Any], send: Send) -> Stream | None:
        """Find out who asks, whether he may, and where to go on; None if all is answered, and there is no stream."""
        request, position = read_request(scope, kwargs), last_event_id(scope)
        scope["headers"].clear()  # the server holds the scope for as long as the stream is open
        if runtime.streams.is_draining:
            await _answer_retry(send)
            return None
        try:
            granted = await runtime.rights.authorise(self.authorise, request)
            if isinstance(granted, Refusal):
                await _refuse(send, granted)
                return None
            stream = Stream(self.authorise, request, granted)
            starts = await runtime.opening.subscribe(stream, wanted_position(position, granted))
        except DatabaseError as error:
            logger.warning("a stream could not be opened, the client will try again: %s", type(error).__name__)
            await _answer_retry(send)
            return None
        try:
            await _begin(runtime, stream, starts, send)
        except BaseException:
            runtime.relay.unsubscribe(stream, stream.channels)
            raise
        return stream


async def _begin(runtime: Process, stream: Stream, starts: Mapping[str, Start], send: Send) -> None:
    """Begin the response, and have written what is known by now."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    stream.open(socket_for(send, stream), starts)
    if runtime.relay.degraded_since is not None:
        stream.link_changed(runtime.relay.degraded_since)
    runtime.streams.add(stream)
    if runtime.streams.is_draining:  # the others were told to end before it was there
        stream.drain()


async def _refuse(send: Send, refusal: Refusal, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    body = json.dumps({"error": {"code": refusal.code, "message": refusal.message}}).encode()
    about = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    about += [(b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": refusal.status, "headers": about})
    await send({"type": "http.response.body", "body": body})


async def _answer_retry(send: Send) -> None:
    """Answer a passing fault: Chromium gives an EventSource up for ever after any answer but 200."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"retry: %d\n\n" % random.randint(*RETRY_MS)})
