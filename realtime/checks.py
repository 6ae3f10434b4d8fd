"""System checks of the realtime settings."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from realtime.events import sources
from realtime.groups import kinds

LAYER = "realtime.layers.DegradingChannelLayer"


@register()
def check_channel_layer(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    backend = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND")
    if backend != LAYER:
        return [Error(f"CHANNEL_LAYERS['default'] must use {LAYER}, not {backend}.", id="realtime.E001")]
    return []


@register()
def check_eventstream_redis(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if hasattr(settings, "EVENTSTREAM_REDIS"):
        return [
            Warning(
                "EVENTSTREAM_REDIS makes django-eventstream listen by itself, and deaf for good once Redis restarts.",
                hint="Remove it: events reach other processes through CHANNEL_LAYERS.",
                id="realtime.W001",
            )
        ]
    return []


@register()
def check_names(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    found = []
    for read, code in ((kinds, "realtime.E002"), (sources, "realtime.E003")):
        try:
            read()
        except ImproperlyConfigured as error:
            found.append(Error(str(error), id=code))
    return found
