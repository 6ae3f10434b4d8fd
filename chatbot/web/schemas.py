"""Bodies and queries of both services' APIs."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from chatbot.models import MAX_CLIENT_ID_LENGTH, MAX_CONTENT_LENGTH
from chatbot.web.bodies import Body, Text

DEFAULT_PAGE = 50

MAX_PAGE = 100

MAX_ID = 2**63 - 1


def _refuse_blank(content: str) -> str:
    if not content.strip():
        raise ValueError("only white space")
    return content


class MessageBody(Body):
    """A message that a customer or an agent writes."""

    content: Annotated[
        Text,
        Field(
            min_length=1,
            max_length=MAX_CONTENT_LENGTH,
            examples=["Where is my parcel?"],
            json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"},
        ),
        AfterValidator(_refuse_blank),
    ]
    client_id: Annotated[Text, Field(min_length=1, max_length=MAX_CLIENT_ID_LENGTH, examples=["m-1"])]


def _whole(value: object) -> object:
    """7.0 is an integer in JSON, as JSON Schema has it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


MessageId = Annotated[int, Field(gt=0, le=MAX_ID), BeforeValidator(_whole)]


Score = Annotated[int, Field(ge=1, le=5), BeforeValidator(_whole)]


class ReceiptsBody(Body):
    """Up to and including which message the caller's page has got, and its user has seen, what the other side wrote."""

    delivered: MessageId | SkipJsonSchema[None] = None
    seen: MessageId | SkipJsonSchema[None] = None


class TypingBody(Body):
    """Whether the caller's user writes at this moment."""

    active: bool


class MessagePageQuery(BaseModel):
    """Which messages: those before the message with this id, at most so many."""

    before: Annotated[int, Field(gt=0, le=MAX_ID)] | SkipJsonSchema[None] = None
    limit: Annotated[int, Field(gt=0, le=MAX_PAGE)] = DEFAULT_PAGE
