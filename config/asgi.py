"""The ASGI applications of the two services: `config.asgi:chatbot` and `config.asgi:workbench`.

`manage.py serve` runs them with draining and background jobs from the start; plain daphne and uvicorn start the jobs
with the first request.
"""

import gc
import os
import sys
from collections.abc import Awaitable, Sequence
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from asgiref.sync import markcoroutinefunction
from channels.routing import URLRouter
from django.urls import path, re_path

from chatbot.attachments.retention import prune_hourly as prune_attachments
from chatbot.bot.turns import run_turns
from chatbot.conversations.long_waits import end_long_waits
from chatbot.conversations.lost_presence import forget_lost_processes
from chatbot.customers.presence import keep_presence
from chatbot.customers.shortcut import TypingShortcut
from chatbot.customers.streams import STREAM_ROUTES as CHATBOT_STREAMS
from chatbot.knowledge.retrieval.job import keep_fitted
from chatbot.mail.sending import mail_unseen_replies
from config.entry import has_allowed_host, refuse_websocket
from config.handler import ApiHandler, ServiceHandler, Shortcut
from config.static import static_files
from realtime import process
from realtime.log.retention import prune_daily
from realtime.process import BackgroundJob
from realtime.serving.routes import StreamRoute, Streams
from realtime.serving.stopping import drain_on_signal
from workbench.access.login_attempts import prune_hourly as prune_login_attempts
from workbench.access.login_sessions import note_use_of_logins
from workbench.api.streams import STREAM_ROUTES as WORKBENCH_STREAMS
from workbench.assignment.drain import assign_sessions, wake_by_events
from workbench.assignment.stranded import requeue_stranded_sessions
from workbench.presence.idleness import set_idle_agents_away
from workbench.presence.keeping import keep_presence_of_agents

YOUNG_OBJECTS = 10_000  # between two collections; CPython's default is 700
SWITCH_SECONDS = 0.0005  # CPython's default is 0.005


class Service:
    """One service: streams, static files, the API and pages, in this order, and the jobs that run beside them."""

    def __init__(
        self,
        urlconf: str,
        streams: Sequence[tuple[str, StreamRoute]],
        jobs: Sequence[BackgroundJob],
        shortcut: Shortcut | None = None,
    ) -> None:
        self.jobs = jobs
        self._is_started = False
        applications: list[Any] = [static_files, ApiHandler(urlconf, shortcut), ServiceHandler(urlconf)]
        static, api, pages = applications
        djangos = [re_path(r"^(?:api/|healthz$|readyz$|metrics$)", api), re_path(r"", pages)]
        self._application = Streams(streams, URLRouter([path("static/<path:path>", static), *djangos]))
        self._django = URLRouter(djangos)  # for a foreign Host, which Django refuses, as JSON or with a page

    async def start(self) -> None:
        """Start realtime and this service's jobs in the running loop, once."""
        if not self._is_started:
            self._is_started = True
            runtime = await process.start()
            for job in self.jobs:
                runtime.run_in_background(job)
            tune_interpreter()

    @markcoroutinefunction
    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """The coroutine that answers, for the server to await: one around it would be 0.3 KiB of an open stream."""
        if scope["type"] == "lifespan":
            return self._live(receive, send)
        if scope["type"] == "websocket":
            return refuse_websocket(receive, send)
        if not self._is_started:
            return self._start_and_answer(scope, receive, send)
        # daphne takes it from a header of any client, and so another path than that which a proxy has checked.
        scope["root_path"] = ""
        answering: Awaitable[None]
        if has_allowed_host(scope):
            answering = self._application.answer(scope, receive, send)
        else:
            answering = self._django(scope, receive, send)
        return answering

    async def _start_and_answer(self, scope: Any, receive: Any, send: Any) -> None:
        await self.start()
        await self(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        """uvicorn's lifespan protocol."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                drain_on_signal()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await process.current().stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def tune_interpreter() -> None:
    """Settle how often garbage is looked for, and how long a thread waits for another one that is busy.

    What was imported stays, so that no collection has to walk it; a stream takes some 200 objects. With the collector's
    lines 1,000 streams open in 0.26 s instead of 0.38 s; with the interval, in which a database thread gets the
    interpreter back from a busy event loop, a core takes 7 to 10 % more messages (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
    sys.setswitchinterval(SWITCH_SECONDS)


chatbot = Service(
    "config.urls_chatbot",
    CHATBOT_STREAMS,
    [
        run_turns,
        prune_daily,
        prune_attachments,
        keep_presence,
        forget_lost_processes,
        end_long_waits,
        mail_unseen_replies,
        keep_fitted,
    ],
    TypingShortcut(),
)
workbench = Service(
    "config.urls_workbench",
    WORKBENCH_STREAMS,
    [
        prune_daily,
        prune_login_attempts,
        note_use_of_logins,
        requeue_stranded_sessions,
        assign_sessions,
        wake_by_events,
        keep_presence_of_agents,
        set_idle_agents_away,
        forget_lost_processes,
    ],
)
