"""Bots behind an OpenAI-compatible endpoint: any that takes chat completions, FastGPT, RAGFlow."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from chatbot.bot.engine.interface import Action, Outcome, Question, Source, Text
from chatbot.bot.engine.outside.citations import Citations, NoCitations, RagflowCitations
from chatbot.bot.engine.outside.completion_chunks import Completion
from chatbot.bot.engine.outside.completion_request import body_for, marker_of, thread_of
from chatbot.bot.engine.outside.connections import Connection
from chatbot.bot.engine.outside.echo import Echo
from chatbot.bot.engine.outside.endpoint import Endpoint
from chatbot.bot.engine.outside.outcome import answered, called_by_marker
from chatbot.bot.engine.outside.passages import Passage, passages_for
from chatbot.bot.engine.outside.patience import Patience
from chatbot.bot.engine.outside.prompt import SECRET_WINDOWS
from chatbot.bot.engine.outside.shown_text import ShownText
from chatbot.bot.engine.outside.trouble import pause_before_retry, reading
from chatbot.models import EngineKind

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

BAD_REQUEST = (400, 422)


async def answer(question: Question, connection: Connection) -> AsyncGenerator[Text | Outcome, None]:
    """Ask for a streamed chat completion."""
    endpoint = connection.endpoint
    is_informed = endpoint.kind == EngineKind.OPENAI and endpoint.sends_knowledge
    passages = await passages_for(question.text) if is_informed else None
    exchange = _Exchange(endpoint, question, passages, await connection.openai())
    async with aclosing(exchange.run(connection)) as said:
        async for each in said:
            yield each


class _Exchange:
    """One request and its answer."""

    def __init__(
        self, endpoint: Endpoint, question: Question, passages: Sequence[Passage] | None, client: "AsyncOpenAI"
    ) -> None:
        self._endpoint = endpoint
        self._question = question
        self._passages = passages
        self._client = client
        self._patience = Patience(endpoint)
        self._thread = thread_of(endpoint, question.context)
        self._citations = Citations(len(passages)) if passages is not None else None
        self._completion = Completion()

    async def run(self, connection: Connection) -> AsyncGenerator[Text | Outcome, None]:
        stream, with_extras = await self._open(connection)
        shown = self._shown_text(with_extras)
        async with stream, aclosing(self._words(stream)) as said:
            async for words in said:
                if piece := shown.add(words):
                    self._patience.hear()
                    yield Text(piece)
                if shown.is_full or shown.wants_human:
                    break
        if piece := self._finish(shown):
            yield Text(piece)
        yield self._outcome(shown)

    async def _words(self, stream: "AsyncStream[ChatCompletionChunk]") -> AsyncGenerator[str, None]:
        """What is said, until the end or one of the limits of patience."""
        pieces = aiter(stream)
        while chunk := await self._patience.wait(anext(pieces, None)):
            with reading():
                words = self._completion.hear(chunk.to_dict(warnings=False))
            if words or self._completion.has_calls:
                self._patience.hear()
            yield words

    def _finish(self, shown: ShownText) -> str:
        piece = shown.finish()
        if not (shown.is_full or shown.wants_human):
            self._completion.check_end(must_be_said=self._endpoint.kind != EngineKind.RAGFLOW)
        return "" if self._completion.has_calls else piece

    def _outcome(self, shown: ShownText) -> Outcome:
        if self._completion.has_calls and not shown.is_full:
            with reading():
                wish = self._completion.wish()
            return Outcome(Action.HAND_OVER, reason=wish.reason, summary=wish.summary, thread=self._thread)
        if shown.wants_human:
            return called_by_marker(self._question, self._thread)
        is_unsure = self._citations is not None and self._citations.says_unsure
        return answered(shown, self._sources(), is_unsure=is_unsure, thread=self._thread)

    def _sources(self) -> Sequence[Source]:
        if self._citations is None or self._passages is None:
            return self._completion.sources
        return [self._passages[number - 1].source for number in self._citations.cited]

    def _shown_text(self, with_extras: bool) -> ShownText:
        marker = marker_of(self._endpoint, with_extras=with_extras)
        if self._citations is not None:
            return ShownText(marker=marker, rewriting=self._citations, secret=Echo(SECRET_WINDOWS))
        own = RagflowCitations() if self._endpoint.kind == EngineKind.RAGFLOW else NoCitations()
        return ShownText(marker=marker, rewriting=own)

    async def _open(self, connection: Connection) -> "tuple[AsyncStream[ChatCompletionChunk], bool]":
        """The stream of the answer, and whether the request had extras.

        An endpoint that refuses them (tools, names, a user) is asked without, from then on in this process.
        """
        from openai import APIStatusError

        if not connection.takes_extras:
            return await self._ask(with_extras=False), False
        try:
            return await self._ask(with_extras=True), True
        except APIStatusError as error:
            if self._endpoint.kind != EngineKind.OPENAI or error.status_code not in BAD_REQUEST:
                raise
        stream = await self._ask(with_extras=False)
        connection.takes_extras = False
        return stream, False

    async def _ask(self, *, with_extras: bool) -> "AsyncStream[ChatCompletionChunk]":
        from openai import APIStatusError

        body = body_for(self._endpoint, self._question, self._passages, self._thread, with_extras=with_extras)
        try:
            return await self._request(body)
        except APIStatusError as error:
            if (pause := pause_before_retry(error.response)) is None:
                raise
        await self._patience.wait(asyncio.sleep(pause))
        return await self._request(body)

    async def _request(self, body: dict[str, Any]) -> "AsyncStream[ChatCompletionChunk]":
        request = self._client.chat.completions.create(**body, stream=True)
        stream: AsyncStream[ChatCompletionChunk] = await self._patience.wait(request)
        return stream
