"""Answers of status 400, 404 and 500 that no view gives: JSON below /api/, a page elsewhere."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from chatbot.conversations import errors
from chatbot.web.answers import error_response


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
    """handler500 of both services: JSON below /api/."""
    if is_api(request):
        return error_response(errors.InternalError())
    return _without_body(defaults.server_error)(request)


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _without_body(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Django's error page for any body: it looks there for a CSRF token first, and fails with one that is malformed."""

    def page(request: HttpRequest, *args: Exception) -> HttpResponse:
        request._mark_post_parse_error()  # type: ignore[attr-defined]  # as Django does when a body is too large
        return view(request, *args)

    return page
