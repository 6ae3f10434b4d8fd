"""The plain project: `daphne bench.reference.project:application`, with the settings bench.reference.settings.

POST /api/sessions/<name>/messages is an agent's reply. `python -m bench.reference.project NAME…` makes the database
with these conversations and prints the session cookie of their agent.
"""

import json
import sys
from functools import partial
from typing import Any

import django
from asgiref.sync import async_to_sync

django.setup()

from channels.layers import get_channel_layer
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

from bench.reference.models import Conversation, Event, Message

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_POST
def post_message(request: HttpRequest, name: str) -> JsonResponse:
    """Write a message and two events, and publish both after the commit."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "who are you?"}, status=401)
    body = json.loads(request.body)
    with transaction.atomic():
        conversation = Conversation.objects.get(name=name, agent=request.user)
        message = Message.objects.create(
            conversation=conversation, content=body["content"], client_id=body["client_id"]
        )
        conversation.last_message = message.content
        conversation.save(update_fields=["last_message"])
        shown = {"id": message.pk, "content": message.content, "created_at": message.created_at.isoformat()}
        for channel in (f"session_{name}", f"agent_{request.user.username}"):
            event = Event.objects.create(channel=channel, type="new_message", data=shown)
            transaction.on_commit(partial(publish, channel, event.pk, shown))
    return JsonResponse(shown, status=201)


def publish(channel: str, number: int, shown: dict[str, Any]) -> None:
    message = {"type": "new_message", "id": number, "payload": shown}
    async_to_sync(get_channel_layer().group_send)(channel, message)


urlpatterns = [path("api/sessions/<name>/messages", post_message)]
application = get_asgi_application()


def prepare(names: list[str]) -> str:
    """Make the database; the session cookie of the agent."""
    call_command("migrate", "--run-syncdb", "--verbosity=0")
    agent = User.objects.create(username="alice")
    Conversation.objects.bulk_create(Conversation(name=name, agent=agent) for name in names)
    login = SessionStore()
    login[SESSION_KEY] = str(agent.pk)
    login[BACKEND_SESSION_KEY] = BACKEND
    login[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    login.create()
    return str(login.session_key)


if __name__ == "__main__":
    print(prepare(sys.argv[1:]))
