"""The body of a chat completion's request, for each kind of endpoint that takes one."""

import secrets
from collections.abc import Sequence
from typing import Any

from chatbot.bot.engine.interface import Context, Question
from chatbot.bot.engine.outside.endpoint import Endpoint
from chatbot.bot.engine.outside.human_part import human_lines, variables_for
from chatbot.bot.engine.outside.passages import Passage
from chatbot.bot.engine.outside.prompt import MARKER, TOOL, conversation, instructed, with_passages
from chatbot.models import EngineKind

# Such an endpoint has its own, and wants the field all the same.
ANY_MODEL = "model"


def body_for(
    endpoint: Endpoint, question: Question, passages: Sequence[Passage] | None, thread: str, *, with_extras: bool
) -> dict[str, Any]:
    """What is sent, beside that it shall be streamed. Without `passages` (null) none of our instructions either.

    Without extras it has only what every endpoint takes: no tool, no names.
    """
    body: dict[str, Any] = {"model": endpoint.model or ANY_MODEL}
    if endpoint.kind == EngineKind.FASTGPT:
        return body | _for_fastgpt(question, thread)
    if endpoint.kind == EngineKind.RAGFLOW:
        messages = conversation(question.text, question.context.lines, with_names=False)
        # Its own field is called so; the outer one is that of OpenAI's library.
        return body | {"messages": messages, "extra_body": {"extra_body": {"reference": True}}}
    asked = question.text if passages is None else with_passages(question.text, passages)
    messages = conversation(asked, question.context.lines, with_names=with_extras)
    if passages is not None:
        messages = instructed(messages, marker="" if with_extras else marker_of(endpoint, with_extras=False))
    extras = {"user": question.context.session_name, "tools": [TOOL]} if with_extras else {}
    return body | {"messages": messages} | extras


def _for_fastgpt(question: Question, thread: str) -> dict[str, Any]:
    """It keeps the conversation under `chatId` and reads no message but the last.

    What agents said goes along as the variable `human_transcript`, which the prompts of its applications can use, and
    as messages, which versions read that do not keep to that rule.
    """
    context = question.context
    return {
        "messages": conversation(question.text, human_lines(context.lines), with_names=False),
        "extra_body": {"chatId": thread, "detail": False, "variables": variables_for(context)},
    }


def marker_of(endpoint: Endpoint, *, with_extras: bool) -> str:
    """By which words the bot asks for a human, "" if by the tool alone."""
    needs_one = endpoint.kind == EngineKind.OPENAI and endpoint.sends_knowledge and not with_extras
    return endpoint.marker or (MARKER if needs_one else "")


def thread_of(endpoint: Endpoint, context: Context) -> str:
    """What the endpoint is to call the conversation, "" for one that keeps none."""
    if endpoint.kind != EngineKind.FASTGPT:
        return ""
    return context.thread or f"{context.session_name}-{secrets.token_hex(6)}"
