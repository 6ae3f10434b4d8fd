"""The data of server-sent events, each an object in JSON on one line, as Dify sends them."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import httpx

from chatbot.bot.engine.interface import EngineTrouble

# Dify's longest line has the documents that an answer is from.
MAX_LINE_BYTES = 1024 * 1024


async def events_of(response: httpx.Response) -> AsyncGenerator[Mapping[str, Any], None]:
    """Each event; whatever is no `data:` (a ping, a comment) is passed over. EngineTrouble for nonsense."""
    async with aclosing(_lines(response.aiter_bytes())) as lines:
        async for line in lines:
            if not line.startswith(b"data:"):
                continue
            event = json.loads(line.removeprefix(b"data:"))
            if not isinstance(event, dict):
                raise EngineTrouble("nonsense")
            yield event


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    held = b""
    async for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        for line in lines:
            yield line
        if len(held) > MAX_LINE_BYTES:
            raise EngineTrouble("nonsense")
