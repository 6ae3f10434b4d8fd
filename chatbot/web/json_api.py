"""JSON over HTTP: reading a body and a query, and the one place where an error becomes an answer."""

import functools
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import is_same_domain
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ValidationError

from chatbot.conversations import errors
from realtime.database import in_database, in_turn, read_database, tell_of_fault

JSON_TYPE = "application/json"

Job = Callable[..., HttpResponse]

View = Callable[..., Coroutine[Any, Any, HttpResponse]]

Guard = Callable[..., Coroutine[Any, Any, Mapping[str, Any] | None]]

Model = TypeVar("Model", bound=BaseModel)

logger = logging.getLogger(__name__)


def _refuse_unstorable(text: str) -> str:
    """PostgreSQL stores no NUL, and UTF-8 has no lone surrogates."""
    if "\0" in text:
        raise ValueError("holds a NUL")
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_refuse_unstorable)]


def json_view(method: str, guard: Guard | None = None) -> Callable[[Job], View]:
    """Make a view for one method out of a synchronous job: `job(request, **url_kwargs) -> HttpResponse`.

    The job runs on a database thread, in one go (a request has one hop); one that only reads waits for no writer,
    and those that change one session (`name` in the address) come one after the other.
    `guard(request, **url_kwargs)` runs before it in the event loop, without the database; what it found out, if it
    returns something, becomes further arguments of the job.
    Whatever ApiError they raise becomes the answer.
    """

    def decorate(job: Job) -> View:
        @functools.wraps(job)
        async def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            try:
                check_method(request, method)
                found = await guard(request, **kwargs) if guard is not None else None
                arguments = {**kwargs, **(found or {})}
                if method == "GET":
                    return await read_database(job, request, **arguments)
                if "name" in kwargs:  # of a session, whose row the job locks
                    return await in_turn(kwargs["name"], job, request, **arguments)
                return await in_database(job, request, **arguments)
            except errors.ApiError as error:
                return error_response(error)
            except OperationalError as error:
                tell_of_fault(logger, error, "database unavailable path=%s", request.path)
                return error_response(errors.DatabaseUnavailable())

        return view

    return decorate


def check_method(request: HttpRequest, method: str) -> None:
    """Raise MethodNotAllowed for another method; HEAD goes with GET."""
    allowed = ("GET", "HEAD") if method == "GET" else (method,)
    if request.method not in allowed:
        raise errors.MethodNotAllowed(", ".join(allowed))


def json_response(content: Mapping[str, Any], *, status: int = 200) -> JsonResponse:
    """An answer that no cache keeps."""
    return JsonResponse(content, status=status, headers={"Cache-Control": "no-store"})


def error_response(error: errors.ApiError) -> JsonResponse:
    response = json_response(error.as_json(), status=error.http_status)
    for name, value in error.headers.items():
        response[name] = value
    return response


def read_json(request: HttpRequest, model: type[Model]) -> Model:
    """The body as `model`, types taken strictly, unknown fields ignored; no body at all is an empty object.

    Raises UnsupportedMediaType, BodyTooLarge, or InvalidBody with a code that names the field (INVALID_CONTENT).
    """
    if request.content_type not in ("", JSON_TYPE):  # before the body: of a form the CSRF check has read it already
        raise errors.UnsupportedMediaType
    body = _body(request)
    if body and not request.content_type:
        raise errors.UnsupportedMediaType
    content = _parse_object(body) if body else {}
    try:
        return model.model_validate(content, strict=True)
    except ValidationError as error:
        _raise_invalid(error)


def read_allowed_json(request: HttpRequest, model: type[Model], check_access: Callable[[], object]) -> Model:
    """As read_json, for an action that checks access where it locks the session: it has to hear of a good body only.

    Of a body that is refused the caller hears if `check_access` raises nothing.
    """
    try:
        return read_json(request, model)
    except errors.ApiError:
        check_access()
        raise


def read_query(request: HttpRequest, model: type[Model]) -> Model:
    """The query string as `model`. Raises InvalidQuery."""
    try:
        return model.model_validate(request.GET.dict())
    except ValidationError:
        raise errors.InvalidQuery from None


def check_origin(request: HttpRequest) -> None:
    """Raise ForbiddenOrigin if a browser says that a page of another site makes this call."""
    origin = request.META.get("HTTP_ORIGIN")  # `request.headers` would first make a table of all of them
    if origin is None or origin == f"{request.scheme}://{request.get_host()}":
        return
    if not any(_is_trusted(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        raise errors.ForbiddenOrigin


def _body(request: HttpRequest) -> bytes:
    try:
        body = request.body
    except RequestDataTooBig:
        raise errors.BodyTooLarge from None
    # A chunked body says no length, so that Django did not measure it.
    if len(body) > settings.MAX_BODY_BYTES:
        raise errors.BodyTooLarge
    return body


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise errors.InvalidBody(_("The request body is not JSON."), code="INVALID_JSON") from None
    if not isinstance(content, dict):
        raise errors.InvalidBody(_("The request body must be a JSON object."), code="INVALID_JSON")
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _raise_invalid(error: ValidationError) -> NoReturn:
    field = str(error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"][0])
    message = _("The field “{field}” is missing or not valid.").format(field=field)
    raise errors.InvalidBody(message, code=f"INVALID_{field.upper()}") from None


def _is_trusted(origin: str, trusted: str) -> bool:
    """CSRF_TRUSTED_ORIGINS as Django reads it: exact, or https://*.example.com."""
    if "*" not in trusted:
        return origin == trusted
    shown, pattern = urlsplit(origin), urlsplit(trusted.replace("*", "", 1))
    return shown.scheme == pattern.scheme and is_same_domain(shown.netloc, pattern.netloc)
