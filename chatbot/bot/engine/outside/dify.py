"""Bots that are applications of Dify, by its own API: it keeps the conversation, and ends an answer that is stopped."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Any

import httpx

from chatbot.bot.engine.interface import EngineTrouble, Outcome, Question, Source, Text
from chatbot.bot.engine.outside.connections import Connection
from chatbot.bot.engine.outside.human_part import variables_for
from chatbot.bot.engine.outside.outcome import answered, called_by_marker, distinct, source
from chatbot.bot.engine.outside.patience import Patience
from chatbot.bot.engine.outside.server_events import events_of
from chatbot.bot.engine.outside.shown_text import ShownText
from chatbot.bot.engine.outside.trouble import code_of_status, pause_before_retry, reading

STOP_SECONDS = 5

_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")

# Requests that end an answer are on nobody's way; the loop keeps no tasks that nobody holds.
_stopping: set[asyncio.Task[None]] = set()


async def answer(question: Question, connection: Connection) -> AsyncGenerator[Text | Outcome, None]:
    """Send the question as a message of the conversation that Dify has for the session."""
    exchange = _Exchange(question, connection)
    response = await exchange.open()
    try:
        async with aclosing(exchange.read(response)) as said:
            async for each in said:
                yield each
    finally:
        exchange.stop_later()
        await response.aclose()


class _Exchange:
    """One message and its answer."""

    def __init__(self, question: Question, connection: Connection) -> None:
        self._question = question
        self._endpoint = connection.endpoint
        self._http = connection.http
        self._patience = Patience(connection.endpoint)
        self._thread = question.context.thread
        self._task = ""
        self._has_ended = False
        self._sources: tuple[Source, ...] = ()
        self._shown = self._nothing_shown()

    async def open(self) -> httpx.Response:
        """The stream of the answer. A conversation that Dify does not know any more is begun anew."""
        response = await self._ask()
        if response.status_code == HTTPStatus.NOT_FOUND and self._thread:
            self._thread = ""
            response = await self._ask()
        elif (pause := pause_before_retry(response)) is not None:
            await self._patience.wait(asyncio.sleep(pause))
            response = await self._ask()
        if response.status_code != HTTPStatus.OK:
            raise EngineTrouble(code_of_status(response.status_code))
        return response

    async def _ask(self) -> httpx.Response:
        """Its response, which is closed unless it is that of an answer."""
        context = self._question.context
        body = {
            "query": self._question.text,
            "inputs": variables_for(context),
            "response_mode": "streaming",
            "conversation_id": self._thread,
            "user": context.session_name,
            "auto_generate_name": False,
        }
        request = self._http.build_request("POST", f"{self._endpoint.base_url}/chat-messages", json=body)
        response = await self._patience.wait(self._http.send(request, stream=True))
        if response.status_code != HTTPStatus.OK:
            await response.aclose()
        return response

    async def read(self, response: httpx.Response) -> AsyncGenerator[Text | Outcome, None]:
        """The pieces and the outcome."""
        async with aclosing(events_of(response)) as events:
            while not (self._has_ended or self._shown.is_full or self._shown.wants_human):
                event = await self._patience.wait(anext(events, None))
                if event is None:
                    raise EngineTrouble("broken_off")
                with reading():
                    piece = self._hear(event)
                if piece:
                    self._patience.hear()
                    yield Text(piece)
        if piece := self._shown.finish():
            yield Text(piece)
        yield self._outcome()

    def _outcome(self) -> Outcome:
        if self._shown.wants_human:
            return called_by_marker(self._question, self._thread)
        return answered(self._shown, self._sources, is_unsure=False, thread=self._thread)

    def _hear(self, event: Mapping[str, Any]) -> str:
        """What of an event is to be shown; steps, thoughts, files and sound are not."""
        self._note_ids(event)
        match event.get("event"):
            case "message" | "agent_message":
                return self._shown.add(event["answer"])
            case "message_replace":
                return self._replace(event["answer"])
            case "message_end":
                self._has_ended = True
                resources = (event.get("metadata") or {}).get("retriever_resources") or ()
                self._sources = distinct(source(each.get("document_name")) for each in resources)
            case "error":
                self._has_ended = True
                raise EngineTrouble("error")
            case "workflow_finished" if event["data"].get("status") == "failed":
                self._has_ended = True
                raise EngineTrouble("error")
        return ""

    def _note_ids(self, event: Mapping[str, Any]) -> None:
        thread, task = event.get("conversation_id"), event.get("task_id")
        if isinstance(thread, str) and _ID.fullmatch(thread):
            self._thread = thread
        if isinstance(task, str) and _ID.fullmatch(task):
            self._task = task

    def _replace(self, text: str) -> str:
        """Go on with another text from its beginning: what was shown already must be the beginning of this one, too."""
        before, self._shown = self._shown, self._nothing_shown()
        self._shown.add(text)
        if not self._shown.shown.startswith(before.shown):
            raise EngineTrouble("replaced")
        return self._shown.shown[len(before.shown) :]

    def _nothing_shown(self) -> ShownText:
        return ShownText(marker=self._endpoint.marker)

    def stop_later(self) -> None:
        """Have Dify end the answer, unless it has: nobody reads it any more."""
        if self._has_ended or not self._task:
            return
        task = asyncio.create_task(self._stop())
        _stopping.add(task)
        task.add_done_callback(_stopping.discard)

    async def _stop(self) -> None:
        url = f"{self._endpoint.base_url}/chat-messages/{self._task}/stop"
        # Dify stops an answer for the user alone who has asked for it. If this fails it ends by itself.
        with suppress(httpx.HTTPError):
            await self._http.post(url, json={"user": self._question.context.session_name}, timeout=STOP_SECONDS)
