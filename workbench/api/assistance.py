"""What helps an agent with a conversation: replies that the knowledge base suggests, a summary, translations.

None is on the path of a message, and none writes anything.
"""

import logging
from collections.abc import Coroutine
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Router
from typing_extensions import TypedDict

from chatbot.bot.engine.choice import language_model_of
from chatbot.bot.engine.interface import EngineTrouble
from chatbot.bot.engine.outside.language_model import LanguageModel
from chatbot.bot.engine.suggested_replies import replies_to
from chatbot.conversations.errors import (
    InvalidStatus,
    LanguageModelTrouble,
    MessageNotFound,
    NoLanguageModel,
    NotAssignee,
)
from chatbot.conversations.handover_summary import last_turns
from chatbot.knowledge.language import CHINESE, ENGLISH
from chatbot.models import Message
from chatbot.web.bodies import Body, EmptyBody, Json
from chatbot.web.json_api import waits
from realtime.database import read_database
from workbench.access.agents import logged_in_agent
from workbench.access.assignee import check_assignee
from workbench.access.sessions import readable_session
from workbench.api.guards import Helped, check_assigned, check_readable
from workbench.assistance.dialogue import find_message, lines_of, spoken, unanswered_texts

router = Router(tags=["assistance"])

logger = logging.getLogger(__name__)


class SuggestionJson(TypedDict):
    """An entry of the knowledge base that may be the reply; `confidence` is 0 to 1."""

    key: str
    question: str
    answer: str
    url: str
    language: str
    confidence: float


class SuggestionsJson(TypedDict):
    """At most three, in the customer's language first."""

    items: list[SuggestionJson]


class SummaryJson(TypedDict):
    """`is_written_by_model` is false where `text` is the last turns themselves; "" where nothing was said."""

    text: str
    is_written_by_model: bool


class TranslationBody(Body):
    to: Literal["en", "zh-hans"]


class TranslationJson(TypedDict):
    text: str
    language: str


def _unanswered(request: HttpRequest, name: str) -> tuple[list[str], str]:
    agent = logged_in_agent(request)
    session = readable_session(agent, name)
    check_assignee(session, agent)
    return unanswered_texts(session), session.language


def _said(request: HttpRequest, name: str) -> tuple[LanguageModel | None, list[Message], str]:
    session = readable_session(logged_in_agent(request), name)
    messages = spoken(session)
    return language_model_of(session.team_id), messages, last_turns(messages)


def _to_translate(request: HttpRequest, name: str, message_id: str) -> tuple[LanguageModel, str]:
    session = readable_session(logged_in_agent(request), name)
    text = find_message(session, message_id).content
    model = language_model_of(session.team_id)
    if model is None:
        raise NoLanguageModel
    return model, text


@router.get("/{name}/suggestions", auth=Helped("suggestions"), response=SuggestionsJson)
@waits(NotAssignee, InvalidStatus, access=check_assigned)
async def suggest_replies(request: HttpRequest, name: str) -> SuggestionsJson:
    """To what the customer has written since an agent answered; for the conversation's agent."""
    texts, language = await read_database(_unanswered, request, name)
    replies = await replies_to(texts, language)
    return {
        "items": [
            {
                "key": each.key,
                "question": each.question,
                "answer": each.answer,
                "url": each.url,
                "language": each.language,
                "confidence": each.confidence,
            }
            for each in replies
        ]
    }


@router.post("/{name}/summary", auth=Helped("assistance"), response=SummaryJson)
@waits(NotAssignee, LanguageModelTrouble, access=check_readable)
async def sum_up(request: HttpRequest, name: str, body: Json[EmptyBody]) -> SummaryJson:
    """By the language model of the session's team, in the agent's language; without one the last turns as they are."""
    model, messages, turns = await read_database(_said, request, name)
    if model is None or not messages:
        return {"text": turns, "is_written_by_model": False}
    text = await _of_model(model.summarise(lines_of(messages), _language()), name)
    return {"text": text, "is_written_by_model": True}


@router.post("/{name}/messages/{message_id}/translation", auth=Helped("assistance"), response=TranslationJson)
@waits(NotAssignee, MessageNotFound, NoLanguageModel, LanguageModelTrouble, access=_to_translate)
async def translate(request: HttpRequest, name: str, message_id: str, body: Json[TranslationBody]) -> TranslationJson:
    """By the language model of the session's team, to which this one message is sent."""
    model, text = await read_database(_to_translate, request, name, message_id)
    return {"text": await _of_model(model.translate(text, body.to), name), "language": body.to}


async def _of_model(work: Coroutine[Any, Any, str], name: str) -> str:
    try:
        return await work
    except EngineTrouble as error:
        logger.warning("language model failed session=%s code=%s", name, error)
        raise LanguageModelTrouble from None


def _language() -> str:
    return CHINESE if (get_language() or "").startswith("zh") else ENGLISH
