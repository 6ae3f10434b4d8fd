"""A customer's browser, as far as the API goes."""

import json
from typing import Any, cast

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import AsyncClient

from chatbot.models import ChatSession


class Customer:
    """Calls the chatbot's API with the cookies of one browser."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """POST `body` as JSON; bytes and str are sent as they are."""
        data = body if isinstance(body, bytes | str) else json.dumps({} if body is None else body)
        response = await self.client.post(path, data=data, content_type="application/json", headers=headers)
        return cast(HttpResponse, response)

    async def patch(self, path: str, body: Any) -> HttpResponse:
        """PATCH `body` as JSON."""
        return cast(HttpResponse, await self.client.patch(path, data=json.dumps(body), content_type="application/json"))

    async def put(self, path: str, body: Any) -> HttpResponse:
        """PUT `body` as JSON."""
        return cast(HttpResponse, await self.client.put(path, data=json.dumps(body), content_type="application/json"))

    async def get(self, path: str, **headers: str) -> HttpResponse:
        return cast(HttpResponse, await self.client.get(path, headers=headers))

    async def start(self, **body: Any) -> str:
        """Start a session and return its name."""
        response = await self.post("/api/sessions", body)
        assert response.status_code == 201, response.content
        return str(json.loads(response.content)["session_name"])

    async def say(self, name: str, content: str, client_id: str = "c-1") -> dict[str, Any]:
        """Post a message and return it."""
        response = await self.post(f"/api/sessions/{name}/messages", {"content": content, "client_id": client_id})
        assert response.status_code in (200, 201), response.content
        return dict(json.loads(response.content))

    async def upload(self, name: str, file_name: str, content: bytes, **headers: str) -> HttpResponse:
        form = {"file": SimpleUploadedFile(file_name, content)}
        response = await self.client.post(f"/api/sessions/{name}/attachments", form, headers=headers)
        return cast(HttpResponse, response)

    async def attach(self, name: str, file_name: str, content: bytes) -> dict[str, Any]:
        """Send a file and return what is said of it."""
        response = await self.upload(name, file_name, content)
        assert response.status_code == 201, response.content
        return dict(json.loads(response.content))

    async def send(self, name: str, *attachments: str, content: str = "", client_id: str = "c-1") -> HttpResponse:
        """Post a message with these files."""
        body = {"content": content, "client_id": client_id, "attachments": attachments}
        return await self.post(f"/api/sessions/{name}/messages", body)

    async def escalate(self, name: str) -> dict[str, Any]:
        response = await self.post(f"/api/sessions/{name}/escalate")
        assert response.status_code == 202, response.content
        return dict(json.loads(response.content))


def error_code(response: Any) -> str:
    """The code of the error object of 2.4; fails if the answer is not one."""
    error = json.loads(response.content)["error"]
    assert error["message"]
    return str(error["code"])


def make_session(name: str = "s-1", **fields: Any) -> ChatSession:
    """A session in the database, without any of what leads to it."""
    return ChatSession.objects.create(name=name, **fields)
