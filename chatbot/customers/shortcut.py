"""The short way of the call that says that the customer writes (config/handler.py).

A hundred people who type make twenty such calls a second, each in a process that has grown cold meanwhile. What stands
between the server and the job takes most of that, though a success has nothing to say and nobody waits for it. What
decides is the same as on the long way: the guard, the model of the body, the job that asks the database for the right.
"""

import re

from django.http import HttpRequest, HttpResponse
from pydantic import ValidationError

from chatbot.customers.actions.tell_typing import Sign
from chatbot.customers.api.guards import Owner
from chatbot.customers.api.typing import tell
from chatbot.customers.urls import api
from chatbot.web.bodies import JSON_TYPE, BadInput, read_object
from chatbot.web.schemas import TypingBody

ADDRESS = re.compile(r"/api/sessions/([^/]+)/typing")


class TypingShortcut:
    """A Shortcut. It takes POSTs whose body is good; others are told on the long way what is wrong with them."""

    def __init__(self) -> None:
        self._guard = Owner()

    async def answer(self, request: HttpRequest) -> HttpResponse | None:
        found = ADDRESS.fullmatch(request.path_info)
        if found is None or request.method != "POST":
            return None
        try:
            body = TypingBody.model_validate(read_object(request))
        except (BadInput, ValidationError):
            return None
        name = found[1]
        credentials = await self._guard.check_change(request, name)
        await tell(Sign(name, credentials, body.active))
        return HttpResponse(status=204, content_type=JSON_TYPE, headers={"Cache-Control": "no-store"})

    def refuse(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return api.on_exception(request, error)
