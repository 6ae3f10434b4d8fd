"""HTML of the workbench service."""

from django.contrib.auth import logout
from django.contrib.auth.views import LoginView as DjangoLoginView
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie

from chatbot.agents import agent_json
from chatbot.errors import Forbidden, Unauthenticated
from chatbot.models import MAX_CONTENT_LENGTH
from workbench.access import logged_in_agent


class LoginView(DjangoLoginView):
    template_name = "workbench/login.html"
    redirect_authenticated_user = True


@ensure_csrf_cookie
def workbench_page(request: HttpRequest) -> HttpResponse:
    """The workbench, for agents. Its script fetches the rest and sends the csrftoken cookie back as X-CSRFToken."""
    try:
        agent = logged_in_agent(request)
    except Unauthenticated:
        logout(request)  # else a deactivated user would be sent to and fro between here and the login
        return redirect_to_login(request.get_full_path())
    except Forbidden as error:
        return render(request, "workbench/refused.html", {"message": error.message}, status=403)
    page_config = {
        "agent": agent_json(agent.user),
        "isSupervisor": agent.is_supervisor,
        "maxContentLength": MAX_CONTENT_LENGTH,
    }
    return render(request, "workbench/workbench.html", {"page_config": page_config})
