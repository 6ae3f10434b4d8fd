"""Bodies and queries of both services' APIs."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from chatbot.models import (
    MAX_CLIENT_ID_LENGTH,
    MAX_CONTENT_LENGTH,
)
from chatbot.web.json_api import (
    Text,
)

DEFAULT_PAGE = 50

MAX_PAGE = 100

MAX_ID = 2**63 - 1


def _refuse_blank(content: str) -> str:
    if not content.strip():
        raise ValueError("only white space")
    return content


class MessageBody(BaseModel):
    """A message that a customer or an agent writes."""

    content: Annotated[Text, Field(min_length=1, max_length=MAX_CONTENT_LENGTH), AfterValidator(_refuse_blank)]
    client_id: Annotated[Text, Field(min_length=1, max_length=MAX_CLIENT_ID_LENGTH)]


class EmptyBody(BaseModel):
    """A call that says all in its address."""


class MessagePageQuery(BaseModel):
    """Which messages: those before the message with this id, at most so many."""

    before: Annotated[int, Field(gt=0, le=MAX_ID)] | None = None
    limit: Annotated[int, Field(gt=0, le=MAX_PAGE)] = DEFAULT_PAGE
