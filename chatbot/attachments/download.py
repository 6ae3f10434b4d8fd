"""Giving a file out, so that a browser shows pictures of ours and saves everything else."""

import asyncio
from collections.abc import AsyncIterator
from typing import IO
from urllib.parse import quote

from csp.constants import HEADER as CSP_HEADER
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag

from chatbot.attachments import storage
from chatbot.conversations.errors import AttachmentNotFound, FilesUnavailable
from chatbot.models import Attachment

BLOCK_BYTES = 64 * 1024
PREVIEW_TYPE = "image/webp"
DOWNLOAD_TYPE = "application/octet-stream"
# Kept by the browser, and asked for again at every use: a person who may no longer read the session gets 404.
CACHE_CONTROL = "private, no-cache"
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


async def give_file(request: HttpRequest, attachment: Attachment, *, is_preview: bool) -> HttpResponseBase:
    """The bytes of a file, or of a picture's preview. Raises AttachmentNotFound, FilesUnavailable."""
    if is_preview and not attachment.is_picture:
        raise AttachmentNotFound
    headers = _headers(attachment, is_preview=is_preview)
    unchanged = get_conditional_response(request, etag=headers["ETag"], response=HttpResponse(headers=headers))
    if isinstance(unchanged, HttpResponseNotModified):
        return unchanged
    if address := storage.accel_address(attachment.pk, is_preview=is_preview):
        return HttpResponse(headers={**headers, "X-Accel-Redirect": quote(address)})
    try:
        file = await asyncio.to_thread(storage.open_file, attachment.pk, is_preview=is_preview)
    except FileNotFoundError:
        raise AttachmentNotFound from None
    except Exception as error:  # each storage has exceptions of its own
        raise FilesUnavailable from error
    size = await asyncio.to_thread(file.seek, 0, 2)
    return StreamingHttpResponse(_Blocks(file), headers={**headers, "Content-Length": str(size)})


def _headers(attachment: Attachment, *, is_preview: bool) -> dict[str, str]:
    is_shown = attachment.is_picture
    kind = PREVIEW_TYPE if is_preview else attachment.type
    return {
        # An SVG is a document with scripts to a browser that is told its type.
        "Content-Type": kind if is_shown or not kind.startswith("image/") else DOWNLOAD_TYPE,
        "Content-Disposition": content_disposition_header(not is_shown, attachment.name) or "",
        "Cache-Control": CACHE_CONTROL,
        "ETag": quote_etag(f"{attachment.pk}{'-preview' if is_preview else ''}"),
        "X-Content-Type-Options": "nosniff",
        **({} if is_shown else {CSP_HEADER: SANDBOX}),
    }


class _Blocks:
    """The content of an answer, which Django closes, begun or not."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.close = file.close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            await asyncio.to_thread(self._file.seek, 0)
            while block := await asyncio.to_thread(self._file.read, BLOCK_BYTES):
                yield block
        finally:
            self.close()
