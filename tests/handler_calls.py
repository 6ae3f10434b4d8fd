"""Calls of an ASGI application as a server makes them."""

import asyncio
from collections.abc import Mapping
from typing import Any

CHATBOT, WORKBENCH = "config.urls_chatbot", "config.urls_workbench"
JSON = {"content-type": "application/json"}


async def call(
    handler: Any, method: str, path: str, headers: Mapping[str, str] = JSON, body: bytes = b"{}"
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer."""
    sent: list[Mapping[str, Any]] = []
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in ({"host": "localhost"} | dict(headers)).items()],
        "scheme": "http",
        "server": ("127.0.0.1", 80),
    }

    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        return await asyncio.Future()  # the client stays

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await handler(scope, receive, send)
    start, *parts = sent
    answered = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], answered, b"".join(part["body"] for part in parts)
