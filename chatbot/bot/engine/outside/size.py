"""How much of what an endpoint sends is read at all: what is held is at most that."""

from collections.abc import AsyncIterator

import httpx

# What is read at once, on the loop: an answer in JSON (that of a model that thinks aloud has some 100 KB), or a line of
# a stream (the longest has the documents that an answer is from).
MAX_JSON_BYTES = 1024 * 1024
# In a stream each word has some 300 bytes around it, and each thought.
MAX_STREAM_BYTES = 32 * 1024 * 1024


class TooMuchError(httpx.StreamError):
    """An endpoint sends more than any answer has."""


async def limit_size(response: httpx.Response) -> None:
    """For httpx, of each response: to read more of it than an answer can have raises TooMuchError."""
    content_type, *_ = response.headers.get("content-type", "").split(";")
    limit = MAX_JSON_BYTES if content_type.strip().endswith("json") else MAX_STREAM_BYTES
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Limited(response.stream, limit)


class _Limited(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._left = limit
        self._line = 0  # bytes since the latest end of a line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._left -= len(piece)
            end = piece.rfind(b"\n")
            self._line = (self._line if end < 0 else 0) + len(piece) - end - 1
            if self._left < 0 or self._line > MAX_JSON_BYTES:
                raise TooMuchError("an endpoint sends too much")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
