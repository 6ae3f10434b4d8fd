"""System checks of the knowledge base."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning, register

from chatbot.knowledge.retrieval.in_use import INSTALL_SECOND, lacks_second


@register()
def check_second_encoder(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if not lacks_second():
        return []
    return [
        Warning(
            "BOT_ENCODER=two, but the second encoder is not installed: one finds what fits a question.",
            hint=f"Install it: {INSTALL_SECOND} (or set BOT_ENCODER=on).",
            id="chatbot.W001",
        )
    ]
