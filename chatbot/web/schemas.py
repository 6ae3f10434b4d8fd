"""Bodies and queries of both services' APIs."""

from typing import Annotated

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict
from pydantic.json_schema import SkipJsonSchema

from chatbot.models import (
    ATTACHMENT_ID_LENGTH,
    MAX_CLIENT_ID_LENGTH,
    MAX_CONTENT_LENGTH,
    MAX_EMAIL_LENGTH,
    MAX_NAME_LENGTH,
)
from chatbot.web.bodies import Body, Text

DEFAULT_PAGE = 50

MAX_PAGE = 100

MAX_ID = 2**63 - 1

MAX_ATTACHMENTS = 10  # of one message

MAX_SECONDS = 7 * 24 * 3600  # of a period that somebody sets


AttachmentId = Annotated[str, Field(pattern=rf"^[A-Za-z0-9_-]{{{ATTACHMENT_ID_LENGTH}}}$")]

# A message says something or carries something.
SAYS_SOMETHING: JsonDict = {
    "required": ["content"],
    "properties": {"content": {"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}},
}
CARRIES_SOMETHING: JsonDict = {"required": ["attachments"], "properties": {"attachments": {"minItems": 1}}}


class MessageBody(Body):
    """A message that a customer or an agent writes; `content` may be empty where there are attachments."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [SAYS_SOMETHING, CARRIES_SOMETHING]})

    attachments: Annotated[
        list[AttachmentId], Field(max_length=MAX_ATTACHMENTS, json_schema_extra={"uniqueItems": True})
    ] = []
    content: Annotated[
        Text, Field(max_length=MAX_CONTENT_LENGTH, validate_default=True, examples=["Where is my parcel?"])
    ] = ""
    client_id: Annotated[Text, Field(min_length=1, max_length=MAX_CLIENT_ID_LENGTH, examples=["m-1"])]

    @field_validator("attachments")
    @classmethod
    def _refuse_repeats(cls, attachments: list[str]) -> list[str]:
        if len(set(attachments)) < len(attachments):
            raise ValueError("names one more than once")
        return attachments

    @field_validator("content")
    @classmethod
    def _refuse_nothing(cls, content: str, info: ValidationInfo) -> str:
        if not content.strip() and not info.data.get("attachments"):
            raise ValueError("only white space")
        return content


def _whole(value: object) -> object:
    """7.0 is an integer in JSON, as JSON Schema has it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


MessageId = Annotated[int, Field(gt=0, le=MAX_ID), BeforeValidator(_whole)]


TeamId = Annotated[int, Field(gt=0, le=MAX_ID), BeforeValidator(_whole)]


Score = Annotated[int, Field(ge=1, le=5), BeforeValidator(_whole)]


Seconds = Annotated[int, Field(ge=1, le=MAX_SECONDS), BeforeValidator(_whole)]


class ReceiptsBody(Body):
    """Up to and including which message the caller's page has got, and its user has seen, what the other side wrote."""

    delivered: MessageId | SkipJsonSchema[None] = None
    seen: MessageId | SkipJsonSchema[None] = None


class TypingBody(Body):
    """Whether the caller's user writes at this moment."""

    active: bool


def _check_email(email: str | None) -> str | None:
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise ValueError("no e-mail address") from None
    return email


class CustomerChange(Body):
    """What is given is changed; an empty text takes it back."""

    name: Annotated[Text, Field(max_length=MAX_NAME_LENGTH)] | SkipJsonSchema[None] = None
    email: Annotated[
        Annotated[Text, Field(max_length=MAX_EMAIL_LENGTH, json_schema_extra={"format": "email"})]
        | SkipJsonSchema[None],
        AfterValidator(_check_email),
    ] = None


class MessagePageQuery(BaseModel):
    """Which messages: those before the message with this id, at most so many."""

    before: Annotated[int, Field(gt=0, le=MAX_ID)] | SkipJsonSchema[None] = None
    limit: Annotated[int, Field(gt=0, le=MAX_PAGE)] = DEFAULT_PAGE
