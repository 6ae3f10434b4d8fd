"""Static files, served by WhiteNoise beside Django's handler: as middleware it would cost each request a thread."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise import WhiteNoise

MAX_AGE_SECONDS = 60


@cache
def static_files() -> WhiteNoise:
    """A WSGI application for everything that Django's static files finders find."""
    files = WhiteNoise(_not_found, max_age=MAX_AGE_SECONDS)
    for finder in get_finders():
        for storage in getattr(finder, "storages", {}).values():
            files.add_files(storage.location, prefix=settings.STATIC_URL)
    return files


def _not_found(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return [b""]
