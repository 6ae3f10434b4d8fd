"""Whether a bot outside answers at all."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, replace

from chatbot.bot.engine.interface import Context, EngineTrouble, Question
from chatbot.bot.engine.outside.connections import close_connections, connection_to
from chatbot.bot.engine.outside.endpoint import Endpoint
from chatbot.bot.engine.outside.engine import OutsideEngine

MAX_SECONDS = 15
GREETING = "Hello"
SESSION_NAME = "trial"


@dataclass(frozen=True, slots=True)
class Trial:
    """After how many seconds the first words came, or the code of what went wrong."""

    seconds: float = 0.0
    trouble: str = ""


def try_endpoint(endpoint: Endpoint) -> Trial:
    """Greet the bot and wait for the end of its answer. Nothing of customers or of the knowledge base is sent.

    For a thread without a running loop; takes MAX_SECONDS at most, and some for the first connection.
    """
    patient = replace(
        endpoint,
        sends_knowledge=False,
        first_token_seconds=min(endpoint.first_token_seconds, MAX_SECONDS),
        total_seconds=min(endpoint.total_seconds, MAX_SECONDS),
    )
    return asyncio.run(_try(patient))


async def _try(endpoint: Endpoint) -> Trial:
    await (await connection_to(endpoint)).openai()  # to make the client is none of the bot's time
    begun = time.monotonic()
    seconds = 0.0
    try:
        async with aclosing(OutsideEngine(endpoint).answer(_QUESTION)) as answer:
            async for _ in answer:
                seconds = seconds or time.monotonic() - begun
    except EngineTrouble as trouble:
        return Trial(trouble=str(trouble))
    finally:
        await close_connections()
    return Trial(seconds)


_QUESTION = Question(GREETING, Context(SESSION_NAME, "en"))
