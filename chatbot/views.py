"""HTML of the chatbot service, and the language switch that both services share."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from chatbot.models import MAX_CONTENT_LENGTH


async def chat_page(request: HttpRequest) -> HttpResponse:
    """The chat page. It reads no database: its script fetches the conversation that this browser owns."""
    page_config = {"maxContentLength": MAX_CONTENT_LENGTH}
    return render(request, "chatbot/chat.html", {"page_config": page_config})


# Without a CSRF token: the worst a foreign page can do is change the language. Django checks that `next` is local.
set_language = csrf_exempt(require_POST(django_set_language))
