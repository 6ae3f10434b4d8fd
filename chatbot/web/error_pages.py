"""Answers of status 400, 404, 500 and 503 that no view gives: JSON below /api/, a page elsewhere."""

import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from chatbot.conversations import errors
from chatbot.web.answers import error_response
from realtime.database import UNAVAILABLE


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400 of both services: JSON below /api/."""
    if is_api(request):
        return error_response(errors.BadRequest())
    return _without_body(defaults.bad_request)(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404 of both services: JSON below /api/."""
    if is_api(request):
        return error_response(errors.NotFound(_("There is nothing at this address.")))
    return _without_body(defaults.page_not_found)(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500 of both services: JSON below /api/; 503 if the fault is that the database is away.

    Django calls it while it handles the exception, which it does not hand over.
    """
    is_passing = isinstance(sys.exc_info()[1], UNAVAILABLE)
    error = errors.DatabaseUnavailable() if is_passing else errors.InternalError()
    if is_api(request):
        return error_response(error)
    page = _without_body(defaults.server_error)(request, "503.html" if is_passing else "500.html")
    page.status_code = error.http_status
    for name, value in error.headers.items():
        page[name] = value
    return page


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _without_body(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Django's error page for any body: it looks there for a CSRF token first, and fails with one that is malformed."""

    def page(request: HttpRequest, *args: Exception | str) -> HttpResponse:
        request._mark_post_parse_error()  # type: ignore[attr-defined]  # as Django does when a body is too large
        return view(request, *args)

    return page
