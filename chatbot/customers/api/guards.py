"""What stands before the customers' operations, in the event loop, without the database.

No CSRF token: the cookie is SameSite, a body must be JSON, and a foreign Origin is refused.
"""

from typing import Any

from django.http import HttpRequest

from chatbot.conversations import errors
from chatbot.conversations.credentials import Credentials
from chatbot.customers import access
from chatbot.web.client_address import client_address
from chatbot.web.digests import KEY_DIGITS
from chatbot.web.json_api import SAFE_METHODS, Guard
from chatbot.web.origin import check_origin
from chatbot.web.rate_limits import check_rate


class Owner(Guard):
    """Who shows something for the session: `request.auth` is what, and the job checks it.

    A rate is counted by the session's name together with the credentials shown for it: a stranger who knows only the
    name has a count of its own and cannot stop the customer. Cookie and token both count, so that a made-up one beside
    the true one does not begin a new count.
    """

    refusals = (errors.NotFound,)
    refusals_of_changes = (errors.ForbiddenOrigin, errors.RateLimited)
    schemes = {
        "Token": {"type": "http", "scheme": "bearer", "description": "The `token` with which the session was made."},
        "Browser": {"type": "apiKey", "in": "cookie", "name": access.browser_cookie()},
    }

    async def __call__(self, request: HttpRequest) -> Credentials:
        name = _session_name(request)
        if request.method in SAFE_METHODS:
            return access.credentials_on(request, name)
        return await self.check_change(request, name)

    async def check_change(self, request: HttpRequest, name: str) -> Credentials:
        """What is shown for the session of this name, by one who would change something."""
        check_origin(request)
        credentials = access.credentials_on(request, name)
        if not credentials.shown:
            raise errors.NotFound
        await check_rate(request, "messages", *(f"{name}/{digest[:KEY_DIGITS]}" for digest in credentials.shown))
        return credentials


class Sender(Owner):
    """An Owner who sends a file, which takes more than other calls do: with rates of its own."""

    async def __call__(self, request: HttpRequest) -> Credentials:
        credentials = await super().__call__(request)
        name = _session_name(request)
        await check_rate(request, "uploads", *(f"{name}/{digest[:KEY_DIGITS]}" for digest in credentials.shown))
        await check_rate(request, "address_uploads", client_address(request))
        return credentials


class Holder(Owner):
    """Who shows something, for whatever session: its name is found out by the job."""

    async def __call__(self, request: HttpRequest) -> Credentials:
        credentials = access.all_credentials_on(request)
        if not credentials.shown:
            raise errors.NotFound
        return credentials


class Anybody(Guard):
    """Everybody may call: for what every visitor of the page may know."""

    refusals = ()

    async def __call__(self, request: HttpRequest) -> bool:
        return True


class Visitor(Guard):
    """Anybody but a foreign page, which could use up the address of its visitors; not too often."""

    refusals = (errors.ForbiddenOrigin, errors.RateLimited)

    async def __call__(self, request: HttpRequest) -> bool:
        check_origin(request)
        await check_rate(request, "sessions", client_address(request))
        return True


def credentials(request: HttpRequest) -> Credentials:
    """What `Owner` found."""
    found: Any = request.auth  # type: ignore[attr-defined]
    assert isinstance(found, Credentials)
    return found


def _session_name(request: HttpRequest) -> str:
    assert request.resolver_match is not None
    return str(request.resolver_match.kwargs["name"])
