"""The end of a conversation, as its customer sees it: ending, rating and keeping it."""

from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import AfterValidator, BaseModel, Field
from typing_extensions import TypedDict

from chatbot.conversations.errors import InvalidStatus, NotRatable
from chatbot.conversations.written_transcript import written_out
from chatbot.customers.access import own_session
from chatbot.customers.actions.end_session import end_session
from chatbot.customers.actions.rate_session import rate_session
from chatbot.customers.api.escalation import StatusJson
from chatbot.customers.api.guards import credentials
from chatbot.models import MAX_COMMENT_LENGTH
from chatbot.web.bodies import Body, EmptyBody, Json, Text
from chatbot.web.json_api import changes, reads
from chatbot.web.schemas import Score

router = Router(tags=["ending"])

TEXT = {"responses": {200: {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}}}


class RatingBody(Body):
    """From 1 (bad) to 5 (good)."""

    score: Score
    comment: Annotated[Text, Field(max_length=MAX_COMMENT_LENGTH)] = ""


class RatingJson(TypedDict):
    score: int
    comment: str


def _check_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("no time zone")
    return name


class TranscriptQuery(BaseModel):
    """`timezone`: a name such as Asia/Shanghai."""

    timezone: Annotated[str, Field(max_length=60), AfterValidator(_check_zone)] = "UTC"


@router.post("/{name}/close", response=StatusJson)
@changes(InvalidStatus, access=own_session)
def end(request: HttpRequest, name: str, body: Json[EmptyBody]) -> StatusJson:
    """End the session, whether the bot, nobody or an agent has it. The customer's next message reopens it."""
    ended = end_session(session_name=name, credentials=credentials(request))
    return {"status": ended.status, "version": ended.version}


@router.post("/{name}/rating", response=RatingJson)
@changes(NotRatable, access=own_session)
def rate(request: HttpRequest, name: str, body: Json[RatingBody]) -> RatingJson:
    """Once each time an agent has ended the conversation, until it is reopened."""
    rated = rate_session(session_name=name, score=body.score, comment=body.comment, credentials=credentials(request))
    return {"score": body.score, "comment": rated.comment}


@router.get("/{name}/transcript", openapi_extra=TEXT)
@reads(access=own_session)
def read_transcript(request: HttpRequest, name: str, query: Query[TranscriptQuery]) -> HttpResponse:
    """The last 2,000 messages as a text, to be kept as a file."""
    session = own_session(request, name)
    return HttpResponse(
        written_out(session, ZoneInfo(query.timezone)),
        content_type="text/plain; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="conversation-{session.created_at:%Y-%m-%d}.txt"',
            "X-Content-Type-Options": "nosniff",
        },
    )
