"""HTML of the workbench service."""

import functools
import unicodedata
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView as DjangoLoginView
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page

from chatbot.conversations.agents import agent_json
from chatbot.conversations.attachments import attachment_limits
from chatbot.conversations.errors import Forbidden, RateLimited, Unauthenticated
from chatbot.models import MAX_CONTENT_LENGTH
from chatbot.web.client_address import client_address
from chatbot.web.digests import KEY_DIGITS
from chatbot.web.rate_limits import check_rate
from workbench.access.agents import logged_in_agent
from workbench.access.login_attempts import begin_attempt, digest_of_name, fail_in, succeed_in
from workbench.selectors import suggested_reasons

HtmlView = Callable[..., HttpResponseBase]


def limit_logins(view: HtmlView) -> HtmlView:
    """Answer 429 with the login form, before any password is hashed, when attempts are too frequent or too many failed.

    The rate of attempts is counted by address and username: a stranger elsewhere cannot keep an agent out, nor one
    mistaken agent the office. Failures are counted as workbench/access/login_attempts.py says.
    """

    @functools.wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        username = request.POST.get("username", "")
        name = _spell(username)
        try:
            # A digest, since people type passwords into the wrong field.
            key = f"{client_address(request)}/{digest_of_name(name)[:KEY_DIGITS]}"
            async_to_sync(check_rate)(request, "logins", key)
            attempt = begin_attempt(request, name)
        except RateLimited as error:
            return _refuse_login(request, username, error)
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseRedirect):  # which is how Django's view answers the right password
            succeed_in(attempt, request.user.get_username())
        else:
            fail_in(attempt)
        return response

    return limited


def _spell(username: str) -> str:
    """One spelling of those that the login form takes for the same name."""
    return unicodedata.normalize("NFKC", username.strip()).lower()


def _refuse_login(request: HttpRequest, username: str, error: RateLimited) -> HttpResponse:
    context = {
        "form": AuthenticationForm(request, initial={"username": username}),
        "next": request.POST.get(REDIRECT_FIELD_NAME, ""),
        "refusal": error.message,
    }
    response = render(request, "workbench/login.html", context, status=error.http_status)
    for name, value in error.headers.items():
        response[name] = value
    return response


admin_login = limit_logins(admin.site.login)


@method_decorator(limit_logins, name="post")
class LoginView(DjangoLoginView):
    template_name = "workbench/login.html"
    redirect_authenticated_user = True


@never_cache
@gzip_page  # it shows nothing that a stranger chose, and Django masks the CSRF token anew each time
@ensure_csrf_cookie
def workbench_page(request: HttpRequest) -> HttpResponse:
    """The workbench, for agents. Its script fetches the rest and sends the CSRF cookie back as X-CSRFToken."""
    try:
        agent = logged_in_agent(request)
    except Unauthenticated:
        logout(request)  # else a deactivated user would be redirected in circles between here and the login
        return redirect_to_login(request.get_full_path())
    except Forbidden as error:
        return render(request, "workbench/refused.html", {"message": error.message}, status=403)
    page_config = {
        "agent": agent_json(agent.user),
        "isSupervisor": agent.is_supervisor,
        "maxContentLength": MAX_CONTENT_LENGTH,
        "attachments": attachment_limits(),
        "waitLimits": settings.WAIT_LIMITS,
        "reasons": suggested_reasons(),
        "awayAfterMinutes": settings.AWAY_AFTER_MINUTES,
    }
    return render(request, "workbench/workbench.html", {"page_config": page_config})
