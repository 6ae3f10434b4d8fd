"""Sends, subscribes, and prints what it was told: `python converse.py`."""
# ruff: noqa: E402, T201  Django is set up before applications are imported

import asyncio
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "alone.settings"

import django

django.setup()

from realtime import sse
from realtime.api import Event, asend_many, asend_to_session, subscribe
from realtime.groups import channel


async def main() -> None:
    for content in ("one", "two", "three"):
        await asend_to_session("s-1", "new_message", {"content": content})
    heard: list[object] = []
    async for event in subscribe(session="s-1", after=1):
        heard.append((event.id, event.payload["content"]))
        if len(heard) == 2:
            break
    order = channel("order", "o-7")
    await asend_many([(order, Event("order_paid", {"cents": 500}, "shop"))])
    async for event in subscribe(channels=[order], after=0):
        heard.append((event.source, event.channel))
        break
    await sse.enqueue_sse_message("s-1", {"type": "old_call", "content": "four"})
    print(heard)


asyncio.run(main())
