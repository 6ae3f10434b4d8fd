"""What stands before the agents' operations, in the event loop, without the database.

CSRF is checked by Django's middleware before that.
"""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest

from chatbot.conversations import errors
from chatbot.web.client_address import client_address
from chatbot.web.digests import KEY_DIGITS, digest
from chatbot.web.json_api import SAFE_METHODS, Guard
from chatbot.web.rate_limits import check_rate
from workbench.access.agents import logged_in_agent
from workbench.access.assignee import check_assignee
from workbench.access.sessions import find_session, readable_session


class Login(Guard):
    """A caller with a login session, whose validity the job checks; a rate for calls that change something.

    Counted by login session: the agent's name would take a query, and a stranger does not know the session's key.
    Logging in again begins a new count, but logins have a rate of their own.
    """

    refusals: Sequence[type[errors.ApiError]] = (errors.Unauthenticated, errors.Forbidden)
    refusals_of_changes = (errors.CsrfFailed, errors.RateLimited)
    schemes = {
        "Login": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
        "CsrfToken": {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRFToken",
            "description": f"The value of the cookie `{settings.CSRF_COOKIE_NAME}`.",
        },
    }

    def security(self, *, is_safe: bool) -> list[dict[str, list[str]]]:
        return [{"Login": []} if is_safe else {"Login": [], "CsrfToken": []}]

    async def __call__(self, request: HttpRequest) -> str:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if not key:
            raise errors.Unauthenticated
        if request.method not in SAFE_METHODS:
            await check_rate(request, "replies", digest(key)[:KEY_DIGITS])
        return key


class Sender(Login):
    """A caller who sends a file: with rates of its own."""

    async def __call__(self, request: HttpRequest) -> str:
        key = await super().__call__(request)
        await check_rate(request, "uploads", digest(key)[:KEY_DIGITS])
        await check_rate(request, "address_uploads", client_address(request))
        return key


class Helped(Login):
    """A caller who is helped with a conversation: with a rate of its own, also where he only reads."""

    refusals = (*Login.refusals, errors.RateLimited)

    def __init__(self, rate: str) -> None:
        self._rate = rate

    async def __call__(self, request: HttpRequest) -> str:
        key = await super().__call__(request)
        await check_rate(request, self._rate, digest(key)[:KEY_DIGITS])
        return key


# The access of operations: may the agent know more of this address?


def check_readable(request: HttpRequest, name: str) -> None:
    readable_session(logged_in_agent(request), name)


def check_assigned(request: HttpRequest, name: str) -> None:
    agent = logged_in_agent(request)
    check_assignee(readable_session(agent, name), agent)


def check_found(request: HttpRequest, name: str) -> None:
    logged_in_agent(request)
    find_session(name)
