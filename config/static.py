"""Static files, served by WhiteNoise beside Django's handler: as middleware it would cost each request a thread.

They are compressed here, each once in a process, when it is first asked for: nothing has to be built or collected, and
a proxy hands on what it gets.
"""

import asyncio
import gzip
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise import WhiteNoise

MAX_AGE_SECONDS = 60
NOT_SNIFFED = ("X-Content-Type-Options", "nosniff")  # a browser goes by the type that the answer names
VARIES = ("Vary", "Accept-Encoding")
COMPRESSIBLE = re.compile(r"text/|application/(?:json|javascript)|image/svg\+xml")
GZIP_ACCEPTED = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)

_packed: dict[str, bytes] = {}  # by path

Send = Callable[[dict[str, Any]], Awaitable[None]]


@cache
def known_files() -> WhiteNoise:
    """Everything that Django's static files finders find, as it is at the start of the process."""
    files = WhiteNoise(None, max_age=MAX_AGE_SECONDS, allow_all_origins=False)
    for finder in get_finders():
        for storage in getattr(finder, "storages", {}).values():
            prefix = getattr(storage, "prefix", "")  # of a folder in STATICFILES_DIRS that has one
            files.add_files(storage.location, prefix=settings.STATIC_URL + (f"{prefix}/" if prefix else ""))
    return files


async def static_files(scope: Mapping[str, Any], receive: object, send: Send) -> None:
    """ASGI application: a static file, or 404. WhiteNoise says the status and headers; it knows WSGI only."""
    file = known_files().files.get(settings.STATIC_URL + scope["url_route"]["kwargs"]["path"])
    if file is None:
        await _answer(send, 404, [("Content-Length", "0")], b"")
        return
    asked = {
        f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode("latin-1") for name, value in scope["headers"]
    }
    is_compressible = _is_compressible(file)
    is_packed = is_compressible and "HTTP_RANGE" not in asked and _takes_gzip(asked)
    response = file.get_response("HEAD" if is_packed and scope["method"] == "GET" else scope["method"], asked)
    status, headers = int(response.status), list(response.headers)
    body = await asyncio.to_thread(_read, response.file) if response.file is not None else b""
    if is_compressible:
        headers.append(VARIES)
    if is_packed and status == 200:
        packed = await _compressed(file.alternatives[0][1])
        headers = [(name, value) for name, value in headers if name != "Content-Length"]
        headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(packed)))]
        body = packed if scope["method"] == "GET" else b""
    await _answer(send, status, headers, body)


def _is_compressible(file: Any) -> bool:
    """Whether it is text: pictures and fonts are compressed already."""
    _, _, headers = file.alternatives[0]
    return COMPRESSIBLE.match(dict(headers)["Content-Type"]) is not None


def _takes_gzip(asked: Mapping[str, str]) -> bool:
    return GZIP_ACCEPTED.search(asked.get("HTTP_ACCEPT_ENCODING", "")) is not None


async def _compressed(path: str) -> bytes:
    if path not in _packed:
        _packed[path] = await asyncio.to_thread(_compress, path)
    return _packed[path]


def _compress(path: str) -> bytes:
    with open(path, "rb") as file:
        return gzip.compress(file.read(), mtime=0)


def _read(file: Any) -> bytes:
    with file:
        content: bytes = file.read()
        return content


async def _answer(send: Send, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in (*headers, NOT_SNIFFED)]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
