"""From which site a call comes, as its browser says."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import is_same_domain

from chatbot.conversations.errors import ForbiddenOrigin


def check_origin(request: HttpRequest) -> None:
    """Raise ForbiddenOrigin if a browser says that a page of another site makes this call."""
    origin = request.META.get("HTTP_ORIGIN")  # `request.headers` would first make a table of all of them
    if origin is None or origin == f"{request.scheme}://{request.get_host()}":
        return
    if not any(_is_trusted(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        raise ForbiddenOrigin


def _is_trusted(origin: str, trusted: str) -> bool:
    """CSRF_TRUSTED_ORIGINS as Django reads it: exact, or https://*.example.com."""
    if "*" not in trusted:
        return origin == trusted
    shown, pattern = urlsplit(origin), urlsplit(trusted.replace("*", "", 1))
    return shown.scheme == pattern.scheme and is_same_domain(shown.netloc, pattern.netloc)
