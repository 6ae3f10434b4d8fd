"""JSON over HTTP, on django-ninja: what both services' APIs share.

An operation is a synchronous job, made asynchronous by `reads`, `reads_together` or `changes`: it runs on a database
thread, in one go. One that waits for something else is asynchronous itself (`waits`). Before it comes the `auth` of its
router (a Guard), in the event loop and without the database, and then its input.

django-ninja validates input before a view is called. So a caller is told of a bad body or query only if `access` raises
nothing. Where the input is good, the action checks access itself, when it locks the session.

The views are made here and not by django-ninja, whose own are exempt from Django's CSRF check: `is_csrf_exempt` says
so for a service, once. Private of django-ninja: `_get_bound_routers`, and `Operation.run`.
"""

import functools
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from django.db import Error as DatabaseFault
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.operation import Operation

from chatbot.conversations import errors
from chatbot.web.answers import error_response
from chatbot.web.bodies import JSON_TYPE, BadInput
from realtime.database import in_database, in_turn, log_fault, read_database
from realtime.database.batch import Batch

Result = TypeVar("Result")

Job = Callable[..., Result]

AsyncJob = Callable[..., Coroutine[Any, Any, Result]]

View = Callable[..., Coroutine[Any, Any, HttpResponse]]

# May the caller know more of this address? Called with the request and what the address names; raises an ApiError.
Access = Callable[..., object]

# Of `reads_together`: the language of its request, and the job with its request and input.
_Call = tuple[str | None, Callable[[], Any]]

PREFIX = "api"
SAFE_METHODS = frozenset({"GET", "HEAD"})
PAUSE_SECONDS = 0.25  # of `reads_together`, between two of its jobs
TOGETHER = 50  # calls of one such job: some 7 ms

logger = logging.getLogger(__name__)


class Guard(ABC):
    """What stands before operations, in the event loop."""

    refusals: Sequence[type[errors.ApiError]]  # what it may raise
    refusals_of_changes: Sequence[type[errors.ApiError]] = ()  # what else, before what changes something
    schemes: Mapping[str, Mapping[str, str]] = MappingProxyType({})  # OpenAPI's security schemes

    def security(self, *, is_safe: bool) -> list[dict[str, list[str]]]:
        """OpenAPI's security requirements for operations that only read (`is_safe`), and for the others."""
        return [{name: []} for name in self.schemes]

    @abstractmethod
    async def __call__(self, request: HttpRequest) -> object:
        """Raises an ApiError; what it returns, which must be true, is `request.auth`."""


def reads(*refusals: type[errors.ApiError], access: Access) -> Callable[[Job[Result]], AsyncJob[Result]]:
    """Make an operation of a job that only reads: it waits for no writer.

    `refusals`: what it raises beside what its guard and its input imply; for the document.
    """

    def decorate(job: Job[Result]) -> AsyncJob[Result]:
        @functools.wraps(job)
        async def operation(request: HttpRequest, **values: Any) -> Result:
            return await read_database(job, request, **values)

        return describe(operation, refusals, access)

    return decorate


def reads_together(*refusals: type[errors.ApiError], access: Access) -> Callable[[Job[Result]], AsyncJob[Result]]:
    """As `reads`, of a job that is called all the time and whose answer nobody waits for.

    At most four times a second the calls that have come go to a database thread, which does one after the other: they
    share what it costs to wake the thread, the loop and the readers of what they publish. One that comes alone is not
    held up.
    """

    def decorate(job: Job[Result]) -> AsyncJob[Result]:
        batch = Batch[_Call, Any](_read_all, TOGETHER, pause_seconds=PAUSE_SECONDS)

        @functools.wraps(job)
        async def operation(request: HttpRequest, **values: Any) -> Result:
            outcome = await batch((get_language(), functools.partial(job, request, **values)))
            if isinstance(outcome, Exception):
                raise outcome
            result: Result = outcome
            return result

        return describe(operation, refusals, access)

    return decorate


async def _read_all(calls: Sequence[_Call]) -> list[Any]:
    return await read_database(_run_all, calls)


def _run_all(calls: Sequence[_Call]) -> list[Any]:
    """What each of them returns, or the exception that it raises; that of the database is everybody's."""
    return [_run(language, call) for language, call in calls]


def _run(language: str | None, call: Callable[[], Any]) -> Any:
    with override(language):
        try:
            return call()
        except DatabaseFault:
            raise
        except Exception as error:  # noqa: BLE001  handed to its caller
            return error


def changes(*refusals: type[errors.ApiError], access: Access) -> Callable[[Job[Result]], AsyncJob[Result]]:
    """As `reads`, of a job that writes. Those that change one session (`name`) come one after the other."""

    def decorate(job: Job[Result]) -> AsyncJob[Result]:
        @functools.wraps(job)
        async def operation(request: HttpRequest, **values: Any) -> Result:
            if "name" in values:  # of a session, whose row the job locks
                return await in_turn(values["name"], job, request, **values)
            return await in_database(job, request, **values)

        return describe(operation, refusals, access)

    return decorate


def waits(*refusals: type[errors.ApiError], access: Access) -> Callable[[AsyncJob[Result]], AsyncJob[Result]]:
    """Describe an operation that waits for others than the database, and asks that by `read_database` itself."""
    return lambda operation: describe(operation, refusals, access)


def anybody(request: HttpRequest) -> None:
    """The access of operations that are for everybody."""


def describe(
    operation: AsyncJob[Result], refusals: Sequence[type[errors.ApiError]], access: Access
) -> AsyncJob[Result]:
    """Note what the document, and the answer to bad input, need to know of an operation."""
    operation.refusals = refusals  # type: ignore[attr-defined]
    operation.access = access  # type: ignore[attr-defined]
    return operation


class InputRefusal(JsonResponse):
    """The answer to a bad body or query, for a caller that has access."""


class ServiceAPI(NinjaAPI):
    """One service's API. No cache keeps an answer; every refusal is an error object."""

    def __init__(self, title: str, description: str, *, auth: Guard, is_csrf_exempt: bool) -> None:
        super().__init__(title=title, version="1", description=description, auth=auth, openapi_url=None, docs_url=None)
        self.is_csrf_exempt = is_csrf_exempt
        for error, answer in EXCEPTION_HANDLERS.items():
            self.add_exception_handler(error, answer)

    def addresses(self) -> list[URLPattern]:
        """The addresses of all operations, in the order of the routers: Django tries what comes first, first."""
        return [path(address, self._view(operations)) for address, operations in self.operations_by_address().items()]

    def operations_by_address(self) -> dict[str, list[Operation]]:
        """The operations at each address, which is written as in a URLconf (`api/sessions/<name>`)."""
        return {
            f"{PREFIX}{router.prefix}{each}".replace("{", "<").replace("}", ">"): path_view.operations
            for router in self._get_bound_routers()
            for each, path_view in router.path_operations.items()
        }

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def create_temporal_response(self, request: HttpRequest) -> HttpResponse:
        """What a success will be."""
        return HttpResponse(content_type=JSON_TYPE, headers={"Cache-Control": "no-store"})

    def _view(self, operations: Sequence[Operation]) -> View:
        views = {method: self._run(each) for each in operations for method in each.methods}
        return by_method(views, is_csrf_exempt=self.is_csrf_exempt)

    def _run(self, operation: Operation) -> View:
        run: View = operation.run  # type: ignore[assignment]  # all of ours are asynchronous
        access: Access = operation.view_func.access  # type: ignore[attr-defined]

        async def view(request: HttpRequest, **address: str) -> HttpResponse:
            response = await run(request, **address)
            if isinstance(response, InputRefusal):
                try:
                    await read_database(access, request, **address)
                except (errors.ApiError, OperationalError) as error:
                    return self.on_exception(request, error)
            return response

        return view


def by_method(views: Mapping[str, View], *, is_csrf_exempt: bool) -> View:
    """One view of several, each for a method; HEAD goes with GET."""
    views = {**views, "HEAD": views["GET"]} if "GET" in views else views
    allowed = ", ".join(sorted(views))

    async def view(request: HttpRequest, **address: str) -> HttpResponse:
        called = views.get(request.method or "")
        if called is None:
            return error_response(errors.MethodNotAllowed(allowed))
        return await called(request, **address)

    view.csrf_exempt = is_csrf_exempt  # type: ignore[attr-defined]
    return view


def invalid_code(field: str) -> str:
    """The code of the error for a field of a body (INVALID_CONTENT)."""
    return f"INVALID_{field.upper()}"


def _refuse(request: HttpRequest, error: errors.ApiError) -> HttpResponse:
    return error_response(error)


def _refuse_input(request: HttpRequest, bad: BadInput) -> HttpResponse:
    headers = {"Cache-Control": "no-store", **bad.error.headers}
    return InputRefusal(bad.error.as_json(), status=bad.error.http_status, headers=headers)


def _refuse_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The location of an error: ("body", the argument's name, field, …), or ("query", field)."""
    source, *location = error.errors[0]["loc"]
    if source != "body":
        return _refuse_input(request, BadInput(errors.InvalidQuery()))
    field = str(location[1])
    message = _("The field “{field}” is missing or not valid.").format(field=field)
    return _refuse_input(request, BadInput(errors.InvalidBody(message, code=invalid_code(field))))


def _refuse_without_database(request: HttpRequest, error: OperationalError) -> HttpResponse:
    log_fault(logger, error, "database unavailable path=%s", request.path)
    return error_response(errors.DatabaseUnavailable())


# django-ninja does not await what these return.
EXCEPTION_HANDLERS: Mapping[type[Exception], Callable[..., HttpResponse]] = {
    errors.ApiError: _refuse,
    BadInput: _refuse_input,
    ValidationError: _refuse_invalid,
    OperationalError: _refuse_without_database,
}
