"""Django's ASGI handler for API calls, without the thread and the two tasks that Django spends on each request.

API views do their database work through `realtime.database`, so that no request needs a thread of its own, nor the
signals that open and close one's database connection. A request whose client has gone away is still finished:
it may have been accepted. Pages (admin, login) use Django's own handler.

With that and Django's middleware a whole POST takes 2.7 to 3.5 times the processor time, as measured on a trial of
them. Private of Django: BaseHandler's `_get_response_async`, `_middleware_chain`, `_view_middleware`,
`_template_response_middleware` and `_exception_middleware`.
"""

from collections.abc import Awaitable, Callable, Iterable
from io import BytesIO
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import set_script_prefix

from chatbot.attachments.body import BodyStream
from chatbot.conversations.errors import BodyTooLarge
from config.bodies import declared_length, is_too_large, large_body_limit, read_body, with_body
from config.middleware import ContentSecurityPolicyMiddleware

Send = Callable[[dict[str, Any]], Awaitable[None]]
Hook = Callable[..., Any]
Respond = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# Of settings.MIDDLEWARE, in its order: without login sessions, their users and messages, which no API view asks for.
# Only what does no I/O: its hooks are called in the event loop.
API_MIDDLEWARE: tuple[Hook, ...] = (
    SecurityMiddleware,
    ContentSecurityPolicyMiddleware,
    LocaleMiddleware,
    CommonMiddleware,
    CsrfViewMiddleware,
    XFrameOptionsMiddleware,
)


class Shortcut(Protocol):
    """The short way of a call that comes all the time: neither middleware nor Django's router nor ninja.

    What these would check of it (rights, rates, where it comes from, its body) it checks itself, or leaves the call to
    them; but for the host and HTTPS, which are looked at before.
    """

    async def answer(self, request: HttpRequest) -> HttpResponse | None:
        """The answer of a success; None for any other call. Raises what the call is refused for."""

    def refuse(self, request: HttpRequest, error: Exception) -> HttpResponse:
        """The answer to what was raised; raises it if it is a defect."""


class ServiceHandler(ASGIHandler):
    """Django's own handler, answering from the URLconf of one service, once the body is there."""

    def __init__(self, urlconf: str) -> None:
        super().__init__()
        self.urlconf = urlconf

    def create_request(self, scope: Any, body_file: Any) -> Any:
        request, error = super().create_request(scope, body_file)
        if request is not None:
            request.urlconf = self.urlconf
        return request, error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await read_body(scope, receive)
        except RequestAborted:
            return
        except TimeoutError:
            await self.send_response(HttpResponse(status=408, headers={"Connection": "close"}), send)
            return
        await self.answer(scope, body, receive, send)

    async def answer(self, scope: Any, body: bytes, receive: Any, send: Any) -> None:
        if is_too_large(scope, body):
            text = str(BodyTooLarge.default_message)
            headers = {"Connection": "close", "X-Content-Type-Options": "nosniff"}
            await self.send_response(HttpResponse(text, "text/plain; charset=utf-8", 413, headers=headers), send)
        else:
            await super().__call__(scope, with_body(body, receive), send)


class ApiHandler(ServiceHandler):
    """The lean path for calls whose views are async and use no thread of their own.

    An answer gets what API_MIDDLEWARE gives it, but for the empty one of a shortcut; login sessions are read by the
    views, with their own two queries.
    """

    _get_response_async: Respond  # of Django's BaseHandler: resolve the address, call the view

    def __init__(self, urlconf: str, shortcut: Shortcut | None = None) -> None:
        super().__init__(urlconf)
        self._shortcut = shortcut

    def load_middleware(self, is_async: bool = False) -> None:
        """Call the hooks of API_MIDDLEWARE one after the other: as Django nests them, each is one more thread hop."""
        stack = [make(self._get_response_async) for make in API_MIDDLEWARE]
        self._begin = _hooks(stack, "process_request")
        self._finish = _hooks(reversed(stack), "process_response")
        self._view_middleware = [_as_coroutine(hook) for hook in _hooks(stack, "process_view")]
        self._template_response_middleware: list[Hook] = []
        self._exception_middleware: list[Hook] = []
        self._answer: Any = convert_exception_to_response(self._begin_and_answer)
        self._middleware_chain = convert_exception_to_response(self._answer_and_finish)

    async def _answer_and_finish(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self._answer(request)
        for finish in self._finish:
            response = finish(request, response)
        return response

    async def _begin_and_answer(self, request: HttpRequest) -> HttpResponseBase:
        for begin in self._begin:
            response: HttpResponseBase | None = begin(request)
            if response is not None:
                return response
        if self._shortcut is not None and (error := getattr(request, "error_on_shortcut", None)) is not None:
            return self._shortcut.refuse(request, error)
        return await self._get_response_async(request)

    async def _respond(self, request: Any) -> HttpResponseBase:
        """By the shortcut, if it has the answer. All else, also its refusals, goes through the middleware."""
        if self._shortcut is not None and _is_accepted(request):
            try:
                response = await self._shortcut.answer(request)
            except Exception as error:  # noqa: BLE001  becomes an answer, or is raised again, within the middleware
                request.error_on_shortcut = error
            else:
                if response is not None:
                    return response
        return await self.get_response_async(request)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        limit = large_body_limit(scope)
        if limit is None:
            await super().__call__(scope, receive, send)
        else:
            await self._answer_upload(scope, receive, send, limit)

    async def _answer_upload(self, scope: Any, receive: Any, send: Any, limit: int) -> None:
        """Call the view before its body is there; the view reads `request.body_stream`."""
        stream = BodyStream(receive, declared_bytes=declared_length(scope), limit_bytes=limit)
        set_script_prefix(get_script_prefix(scope))
        request, error = self.create_request(scope, BytesIO())
        if request is None:
            response = error
        else:
            request.body_stream = stream
            request.POST = QueryDict()  # else the CSRF check would read the form for a token
            response = await self.get_response_async(request)
        if not stream.is_exhausted:
            response["Connection"] = "close"
        await self.send_response(response, send)

    async def answer(self, scope: Any, body: bytes, receive: Any, send: Any) -> None:
        """Call the view also for a body that is too large: it checks access first, and then refuses the body."""
        set_script_prefix(get_script_prefix(scope))
        request, error = self.create_request(scope, BytesIO(body))
        response = error if request is None else await self._respond(request)
        if is_too_large(scope, body):
            response["Connection"] = "close"
        await self.send_response(response, send)


def _is_accepted(request: HttpRequest) -> bool:
    """Whether no middleware would refuse it or send it elsewhere: by its host, or because it came without HTTPS."""
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return request.is_secure() or not settings.SECURE_SSL_REDIRECT


def _hooks(stack: Iterable[Any], name: str) -> list[Hook]:
    return [getattr(each, name) for each in stack if hasattr(each, name)]


def _as_coroutine(hook: Hook) -> Hook:
    """As Django awaits it before a view, without a thread."""

    async def call(*args: Any) -> Any:
        return hook(*args)

    return call
