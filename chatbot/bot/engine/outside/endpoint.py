"""Where a bot outside is, and how it is spoken to."""

import os
from dataclasses import dataclass, field

from django.conf import settings

from chatbot.models import BotEngine, EngineKind

KEY_PREFIX = "BOT_"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """All that an engine has to know. Two that are equal share their connections.

    `key` is "" for an endpoint that wants none, and null where the variable that should hold it is not set: nothing is
    sent then. `base_url` has no slash at its end. A private address is the operator's choice.
    """

    kind: str
    base_url: str
    model: str = ""
    key: str | None = field(default="", repr=False)
    marker: str = ""
    sends_knowledge: bool = True
    first_token_seconds: float = 10
    total_seconds: float = 60


def endpoint_of(row: BotEngine) -> Endpoint:
    """That of a bot which somebody entered."""
    return Endpoint(
        kind=row.kind,
        base_url=row.base_url.rstrip("/"),
        model=row.model,
        key=_key_in(row.key_variable),
        marker=row.marker,
        sends_knowledge=row.sends_knowledge,
        first_token_seconds=row.first_token_seconds,
        total_seconds=row.total_seconds,
    )


def endpoint_of_environment() -> Endpoint | None:
    """That of BOT_BASE_URL, null without one."""
    if not settings.BOT_BASE_URL:
        return None
    return Endpoint(
        kind=EngineKind.OPENAI, base_url=settings.BOT_BASE_URL, model=settings.BOT_MODEL, key=settings.BOT_API_KEY
    )


def _key_in(variable: str) -> str | None:
    """What a variable of the environment holds; no other than those of bots is read, whatever stands in the table."""
    if not variable:
        return ""
    return os.environ.get(variable) or None if variable.startswith(KEY_PREFIX) else None
