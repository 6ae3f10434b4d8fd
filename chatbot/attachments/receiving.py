"""Taking one file out of a multipart form, in pieces, into a file without a name: nothing is left of what fails."""

import asyncio
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from chatbot.attachments.body import blocks_of
from chatbot.attachments.inspection.kinds import KINDS, Kind, extension_of
from chatbot.conversations.errors import FileTooLarge, FileType, InvalidForm, UnsupportedMediaType
from chatbot.models import MAX_FILE_NAME_LENGTH

FIELD = "file"
MULTIPART = "multipart/form-data"
MAX_FIELDS = 16
BLOCK_BYTES = 64 * 1024  # what a thread writes at once
# Of characters that show nothing some change what the others look like: "exe.jpg" may be "gpj.exe" turned round.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(slots=True)
class Received:
    """A file as it came. `extension` is one of settings.ATTACHMENT_TYPES; nobody has looked into it."""

    name: str
    file: BinaryIO
    size_bytes: int = 0

    @property
    def extension(self) -> str:
        return extension_of(self.name)

    @property
    def kind(self) -> Kind:
        return KINDS[self.extension]


def clean_name(name: str) -> str:
    """The last part of a path, without what is not seen, and at most MAX_FILE_NAME_LENGTH characters long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(each for each in last if unicodedata.category(each) not in UNSEEN).strip()
    stem, dot, extension = seen.rpartition(".")
    return f"{stem[: MAX_FILE_NAME_LENGTH - len(dot) - len(extension)]}{dot}{extension}"[-MAX_FILE_NAME_LENGTH:]


def too_large() -> FileTooLarge:
    megabytes = settings.ATTACHMENT_MAX_BYTES // (1024 * 1024)
    return FileTooLarge(format_lazy(_("The file is too large: at most {size} MB are taken."), size=megabytes))


@asynccontextmanager
async def receive_file(request: HttpRequest) -> AsyncIterator[Received]:
    """Read the body, up to the end of its one file.

    Raises UnsupportedMediaType, InvalidForm, FileType (by its extension), FileTooLarge, TimeoutError, RequestAborted.
    """
    media_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    if media_type != MULTIPART or not options.get("boundary"):
        raise UnsupportedMediaType(_("The request body must be multipart/form-data."))
    with tempfile.TemporaryFile() as file:
        form = _Form(options["boundary"], file)
        try:
            async for block in _joined(blocks_of(request)):
                await asyncio.to_thread(form.feed, block)
        except FileTooLarge:
            raise too_large() from None
        yield await asyncio.to_thread(form.end)


class _Form:
    """Parses a form; what is not its file is passed over."""

    def __init__(self, boundary: str, file: BinaryIO) -> None:
        self._parser = PushMultipartParser(boundary, max_segment_count=MAX_FIELDS)
        self._file = file
        self._received: Received | None = None
        self._is_in_file = False

    def feed(self, block: bytes) -> None:
        with _bad_forms():
            for event in self._parser.parse(block):
                if isinstance(event, MultipartSegment):
                    self._is_in_file = event.name == FIELD
                    if self._is_in_file:
                        self._begin_file(event)
                elif event and self._is_in_file:
                    self._write(event)

    def end(self) -> Received:
        with _bad_forms():
            self._parser.close()
        if self._received is None or not self._received.size_bytes:
            raise _one_file()
        self._file.flush()
        self._file.seek(0)
        return self._received

    def _begin_file(self, segment: MultipartSegment) -> None:
        if self._received is not None or segment.filename is None:
            raise _one_file()
        received = Received(clean_name(segment.filename), self._file)
        if received.extension not in settings.ATTACHMENT_TYPES:
            types = ", ".join(settings.ATTACHMENT_TYPES)
            raise FileType(format_lazy(_("Files of this type are not taken. These are: {types}."), types=types))
        self._received = received

    def _write(self, part: bytes | bytearray) -> None:
        assert self._received is not None
        self._received.size_bytes += len(part)
        if self._received.size_bytes > settings.ATTACHMENT_MAX_BYTES:
            raise FileTooLarge
        self._file.write(part)


@contextmanager
def _bad_forms() -> Iterator[None]:
    try:
        yield
    except MultipartError:
        raise InvalidForm from None


def _one_file() -> InvalidForm:
    return InvalidForm(_("Send one file that is not empty, in the field “file”."))


async def _joined(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pieces of BLOCK_BYTES to twice that: each is a change of threads, and is copied some times."""
    waiting = bytearray()
    async for block in blocks:
        for start in range(0, len(block), BLOCK_BYTES):
            waiting += block[start : start + BLOCK_BYTES]
            if len(waiting) >= BLOCK_BYTES:
                yield bytes(waiting)
                waiting.clear()
    yield bytes(waiting)
