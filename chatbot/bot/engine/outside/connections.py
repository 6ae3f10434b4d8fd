"""The connections of this process to bots outside: one client for each endpoint, with a limit of sockets."""

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import httpx

from chatbot.bot.engine.outside.endpoint import Endpoint
from chatbot.bot.engine.outside.size import limit_size

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# Who finds none free waits for one, on his bot's time.
MAX_SOCKETS = 100
MAX_IDLE_SOCKETS = 8
CONNECT_SECONDS = 5
# Of endpoints: an edited one is another. Who still uses the client that is dropped keeps it until the answer has ended.
MAX_KEPT = 16


def import_openai() -> None:
    """Import all of OpenAI's library that answers use, on a thread of one's own: it takes 1 to 3 s of processor time.

    A client imports the resources, almost half of it, only when they are first used: then on the loop, where all
    streams of the process would wait for it.
    """
    import openai.resources.chat  # noqa: F401


class Connection:
    """The client of one endpoint; redirects are not followed, so that nothing goes anywhere else.

    `takes_extras` is false once the endpoint has refused a request that became good without them.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.http = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=MAX_SOCKETS, max_keepalive_connections=MAX_IDLE_SOCKETS),
            timeout=httpx.Timeout(endpoint.total_seconds, connect=min(CONNECT_SECONDS, endpoint.total_seconds)),
            # Packed, a little could become more than can be held.
            headers={"Accept-Encoding": "identity"} | _authorization(endpoint),
            event_hooks={"response": [limit_size]},
            follow_redirects=False,
        )
        self.takes_extras = True
        self.endpoint = endpoint
        self._openai: AsyncOpenAI | None = None

    async def openai(self) -> "AsyncOpenAI":
        """The same as a client of OpenAI's library."""
        if self._openai is None:
            self._openai = await asyncio.to_thread(self._make_openai)
        return self._openai

    def _make_openai(self) -> "AsyncOpenAI":
        import_openai()
        from openai import AsyncOpenAI, omit

        # Nothing of OpenAI's own variables goes to other people's endpoints.
        headers: dict[str, Any] = {"OpenAI-Organization": omit, "OpenAI-Project": omit}
        return AsyncOpenAI(
            api_key=self.endpoint.key or "none",  # the library wants one
            admin_api_key="",
            base_url=self.endpoint.base_url,
            default_headers=headers,
            max_retries=0,
            http_client=self.http,
        )


def _authorization(endpoint: Endpoint) -> dict[str, str]:
    return {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}


_connections: "WeakKeyDictionary[asyncio.AbstractEventLoop, OrderedDict[Endpoint, Connection]]" = WeakKeyDictionary()


async def connection_to(endpoint: Endpoint) -> Connection:
    """The one of this loop. It is made on another thread, since all certificates that browsers believe are read."""
    kept = _connections.setdefault(asyncio.get_running_loop(), OrderedDict())
    if endpoint not in kept:
        made = await asyncio.to_thread(Connection, endpoint)
        kept.setdefault(endpoint, made)
    kept.move_to_end(endpoint)
    while len(kept) > MAX_KEPT:
        kept.popitem(last=False)
    return kept[endpoint]


async def close_connections() -> None:
    """All of this loop's; for a loop that ends before the process does."""
    for connection in _connections.pop(asyncio.get_running_loop(), {}).values():
        await connection.http.aclose()
