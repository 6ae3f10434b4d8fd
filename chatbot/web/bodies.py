"""Bodies of calls: `body: Json[MessageBody]` in the signature of an operation.

django-ninja would read a body of any content type, wrap what its parser raises, and take an empty body for a missing
value.
"""

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.params import models
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from chatbot.conversations import errors

JSON_TYPE = "application/json"


def _refuse_unstorable(text: str) -> str:
    """PostgreSQL stores no NUL, and UTF-8 has no lone surrogates."""
    if "\0" in text:
        raise ValueError("holds a NUL")
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_refuse_unstorable), Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})]


def _read_day(value: object) -> object:
    """JSON has no dates: a string like 2026-11-24, which strict types would not take for one."""
    return date.fromisoformat(value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_read_day)]


def _read_moment(value: object) -> object:
    """As _read_day. A time without an offset would be another one for each reader."""
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("has no offset from UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is not a time in UTC") from None


Moment = Annotated[datetime, BeforeValidator(_read_moment)]


class Body(BaseModel):
    """An object in a body: types are taken strictly, unknown fields ignored."""

    model_config = ConfigDict(strict=True)


class EmptyBody(Body):
    """The body of a call that takes no fields."""


class BadInput(Exception):
    """A body or query is refused; the caller is told so only if it has access (chatbot/web/json_api.py)."""

    def __init__(self, error: errors.ApiError) -> None:
        self.error = error
        super().__init__(error.code)


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the body; no body at all is an empty one.

    Raises BadInput with UnsupportedMediaType, BodyTooLarge or InvalidBody.
    """
    if request.content_type not in ("", JSON_TYPE):  # before the body: of a form the CSRF check has read it already
        raise BadInput(errors.UnsupportedMediaType())
    body = _read(request)
    if body and not request.content_type:
        raise BadInput(errors.UnsupportedMediaType())
    return _parse_object(body) if body else {}


def _read(request: HttpRequest) -> bytes:
    try:
        body = request.body
    except RequestDataTooBig:
        raise BadInput(errors.BodyTooLarge()) from None
    # A chunked body says no length, so that Django did not measure it.
    if len(body) > settings.MAX_BODY_BYTES:
        raise BadInput(errors.BodyTooLarge())
    return body


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadInput(errors.InvalidBody(_("The request body is not JSON."), code="INVALID_JSON")) from None
    if not isinstance(content, dict):
        raise BadInput(errors.InvalidBody(_("The request body must be a JSON object."), code="INVALID_JSON"))
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class _ObjectModel(models.BodyModel):
    @classmethod
    def get_request_data(cls, request: HttpRequest, api: Any, path_params: dict[str, Any]) -> dict[str, Any]:
        return {cls.__read_from_single_attr__: read_object(request)}


class _Object(models.Body):  # type: ignore[misc]  # FieldInfo is said to be final
    _model = _ObjectModel

    @classmethod
    def _param_source(cls) -> str:
        return "body"


if TYPE_CHECKING:
    Model = TypeVar("Model", bound=Body)
    Json = Annotated[Model, "the body"]
else:

    class Json:
        """`Json[SomeBody]`: the body as SomeBody. Each use needs a parameter of its own: ninja notes defaults in it."""

        def __class_getitem__(cls, model: type[Body]) -> Any:
            return Annotated[model, _Object(...)]
