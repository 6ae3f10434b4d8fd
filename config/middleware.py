"""Django's middleware without a thread hop: its hooks do no I/O, so they run in the event loop.

As it ships, each hook of each middleware is a `sync_to_async` call under ASGI, about 20 of them a request.
"""

from typing import Any

from asgiref.sync import sync_to_async
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import clickjacking, common, csrf, locale, security
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property


class InLoop:
    """Mixin: run process_request and process_response of a MiddlewareMixin directly in the event loop."""

    get_response: Any

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        process_request = getattr(self, "process_request", None)
        response: HttpResponseBase | None = process_request(request) if process_request else None
        if response is None:
            response = await self.get_response(request)
        return await self.finish(request, response)

    async def finish(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        process_response = getattr(self, "process_response", None)
        finished: HttpResponseBase = process_response(request, response) if process_response else response
        return finished


class SecurityMiddleware(InLoop, security.SecurityMiddleware):
    pass


class ContentSecurityPolicyMiddleware(InLoop, CSPMiddleware):
    """One policy for every answer: to build it anew took a third of a request's time outside the database."""

    @cached_property
    def policy(self) -> str:
        return str(build_policy())

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault(HEADER, self.policy)
        return response


class SessionMiddleware(InLoop, sessions.SessionMiddleware):
    async def finish(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.session.modified:  # saving it is I/O
            saved: HttpResponseBase = await sync_to_async(self.process_response)(request, response)  # type: ignore[arg-type]
            return saved
        return await super().finish(request, response)


class LocaleMiddleware(InLoop, locale.LocaleMiddleware):
    """No address here begins with a language; Django's own looks for one twice a request, 4 % of a message's time."""

    def process_request(self, request: HttpRequest) -> None:
        translation.activate(translation.get_language_from_request(request))
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


class CommonMiddleware(InLoop, common.CommonMiddleware):
    pass


class CsrfViewMiddleware(InLoop, csrf.CsrfViewMiddleware):
    async def process_view(self, *args: Any) -> Any:  # type: ignore[override]
        return super().process_view(*args)


class AuthenticationMiddleware(InLoop, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(InLoop, messages.MessageMiddleware):
    pass


class XFrameOptionsMiddleware(InLoop, clickjacking.XFrameOptionsMiddleware):
    pass
