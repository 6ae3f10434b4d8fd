"""daphne with what a service that is restarted under load needs: draining, a long listen backlog, jobs from the start.

daphne's own shutdown triggers run side by side with its cancelling of every request, so the signal is taken here:
stop to listen, end the streams, wait for requests in flight, then stop the reactor.
"""

import asyncio
import contextlib
import functools
import logging
import signal
from typing import Any

from daphne.server import Server
from django.utils.module_loading import import_string
from twisted.internet import reactor
from twisted.internet.error import CannotListenError

from realtime import process
from realtime.serving.daphne_connection import bound_connections, take_stored_body
from realtime.serving.stopping import end_in_any_case

logger = logging.getLogger(__name__)

# A reconnect storm of 1,000 took 34 s with daphne's backlog of 50.
LISTEN_BACKLOG = 4096
# A request gets its answer, or its refusal, in this time (realtime/database).
DRAIN_LIMIT_SECONDS = 5.0
BODY_BLOCK_BYTES = 64 * 1024
FLUSH_LIMIT_SECONDS = 0.5
FLUSH_CHECK_SECONDS = 0.01


def endpoint(host: str, port: int, fd: int | None) -> str:
    """Twisted's description of where to listen."""
    if fd is not None:
        return f"fd:fileno={fd}"
    escaped = host.strip("[]").replace(":", r"\:")
    return f"tcp:port={port}:interface={escaped}:backlog={LISTEN_BACKLOG}"


class Inbox:
    """The messages that wait for a request's application; one reader at a time.

    daphne takes an asyncio.Queue, whose deques are 3 KiB of an open stream's 18.
    """

    __slots__ = ("_arrived", "_messages")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._arrived: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    async def get(self) -> Any:
        while not self._messages:
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived
        return self._messages.pop(0)


class BodyInbox(Inbox):
    """An inbox whose body lies in a file, of which it gives a piece at a time."""

    __slots__ = ("_body",)

    def __init__(self, body: Any) -> None:
        super().__init__()
        self._body = body

    def put_nowait(self, message: Any) -> None:
        if message["type"] == "http.disconnect":
            self._body.close()
        if message["type"] != "http.request":  # daphne's, which is empty
            super().put_nowait(message)

    async def get(self) -> Any:
        if self._body.closed:
            return await super().get()
        block = self._body.read(BODY_BLOCK_BYTES)
        more = len(block) == BODY_BLOCK_BYTES
        if not more:
            self._body.close()
        return {"type": "http.request", "body": block, "more_body": more}


class DrainingServer(Server):  # type: ignore[misc]
    """A daphne server for one of settings.SERVICES."""

    def __init__(self, application: str, listen_on: str) -> None:
        self.service = import_string(application.replace(":", "."))
        self.listen_failure = ""
        self._ports: list[Any] = []
        self._in_flight: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        super().__init__(
            application=self.service,
            endpoints=[listen_on],
            signal_handlers=False,
            server_name="",
            verbosity=0,
        )

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        # callWhenRunning would call it before asyncio's loop runs, and its error goes nowhere.
        reactor.callLater(0, self._begin)  # type: ignore[arg-type]  # its interface lacks self
        super().run()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._begin_to_stop)
        self.http_factory.log = _log_nothing
        bound_connections(self.http_factory)
        self._starting = loop.create_task(self.service.start())

    def create_application(self, protocol: Any, scope: Any) -> "Inbox | None":
        """As daphne's own, with a smaller queue, and its task noted."""
        body = take_stored_body(protocol)
        inbox = Inbox() if body is None else BodyInbox(body)
        scope.setdefault("asgi", {"version": "3.0"})
        send = functools.partial(self.handle_reply, protocol)
        answering = self.application(scope=scope, receive=inbox.get, send=send)
        if protocol not in self.connections:
            return None
        task = asyncio.ensure_future(answering)
        self.connections[protocol]["application_instance"] = task
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)
        return inbox

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        """An answer in parts waits for its client to take them: daphne would keep all of it in memory."""
        await super().handle_reply(protocol, message)
        connection = getattr(protocol, "channel", None)
        if message.get("more_body") and connection is not None:
            await connection.until_sent()

    def protocol_connected(self, protocol: Any) -> None:
        super().protocol_connected(protocol)
        # Django reads forms. Twisted would parse the content type of every POST first: an eighth of the loop's time.
        protocol._parsePOSTFormSubmission = False

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self._ports.append(port)

    def listen_error(self, failure: Any) -> None:
        error = failure.value
        self.listen_failure = f"cannot listen: {error.socketError if isinstance(error, CannotListenError) else error}"
        self.stop()

    def _begin_to_stop(self) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            end_in_any_case()
            self._stopping = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        logger.info("stopping: streams=%s", len(process.current().streams.all))
        for port in self._ports:
            port.stopListening()
        runtime = process.current()
        runtime.streams.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_LIMIT_SECONDS):
                while self._in_flight:
                    await asyncio.wait(tuple(self._in_flight))
        await runtime.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_LIMIT_SECONDS):
                # A kept-alive connection may have brought one more request meanwhile.
                while self._in_flight or _has_unsent_answers():
                    await asyncio.sleep(FLUSH_CHECK_SECONDS)
        if self._in_flight:
            logger.warning("stopped with requests=%s still in flight", len(self._in_flight))
        self.stop()


def _log_nothing(request: Any) -> None:
    """Twisted writes an access log line for each request, which daphne throws away: 5 % of the loop's time."""


def _has_unsent_answers() -> bool:
    writers: list[Any] = reactor.getWriters()  # type: ignore[misc]
    return bool(writers)
