"""HTML of the chatbot service."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page

from chatbot.conversations.attachments import attachment_limits
from chatbot.models import MAX_CONTENT_LENGTH


@gzip_page  # it holds no secret that its length could tell
async def chat_page(request: HttpRequest) -> HttpResponse:
    """The chat page. It reads no database: its script fetches the conversation that this browser owns."""
    page_config = {"maxContentLength": MAX_CONTENT_LENGTH, "attachments": attachment_limits()}
    return render(request, "chatbot/chat.html", {"page_config": page_config})
