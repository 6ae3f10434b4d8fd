"""How a call without the CSRF token is answered."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.csrf import csrf_failure as html_csrf_failure

from chatbot.conversations import errors
from chatbot.web.answers import error_response
from chatbot.web.error_pages import is_api


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: below /api/ the error object; a caller without a login is told that first."""
    if not is_api(request):
        return html_csrf_failure(request, reason)
    if not request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        return error_response(errors.Unauthenticated())
    return error_response(errors.CsrfFailed())
