"""Documents: is it what its extension says, and nothing else? They are kept as they came."""

import codecs
import zipfile
from typing import BinaryIO

import puremagic

from chatbot.attachments.inspection.findings import NotThatType, TooMuchInside
from chatbot.attachments.inspection.kinds import Kind

HEAD_BYTES = 8192
TAIL_BYTES = 1024  # in which a PDF ends, as its readers have it
BLOCK_BYTES = 64 * 1024
CONTENT_TYPES = "[Content_Types].xml"
MAX_CONTENT_TYPES_BYTES = 1024 * 1024
MAX_UNPACKED_BYTES = 1024**3
ZIP_START = b"PK\x03\x04"
# A text of any other encoding is some sequence of these, too: what tells text from the rest are control characters.
ENCODINGS = ("utf-8", "gb18030", "cp1252")
NO_TEXT = bytes(sorted({*range(32), 127} - set(b"\t\n\r\f\x1b")))


def types_of(head: bytes) -> set[str]:
    """The types that the first bytes of a file may mean."""
    try:
        return {match.mime_type for match in puremagic.magic_string(head)}
    except puremagic.PureError:
        return set()


def read_head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(HEAD_BYTES)


def check_pdf(file: BinaryIO, kind: Kind) -> None:
    """Raise NotThatType unless it begins and ends as a PDF: readers skip what stands before, which polyglots use."""
    head = read_head(file)
    if not head.startswith(b"%PDF-") or kind.type not in types_of(head):
        raise NotThatType
    file.seek(0, 2)
    file.seek(max(0, file.tell() - TAIL_BYTES))
    if b"%%EOF" not in file.read() or _is_zip(file):
        raise NotThatType


def check_office(file: BinaryIO, kind: Kind) -> None:
    """Raise NotThatType unless it is this kind of office file (with macros it is another), TooMuchInside: a bomb."""
    with _open_zip(file) as archive:
        names = set(archive.namelist())
        if not {CONTENT_TYPES, kind.mark} <= names or any(name.endswith("vbaProject.bin") for name in names):
            raise NotThatType
        if archive.getinfo(CONTENT_TYPES).file_size > MAX_CONTENT_TYPES_BYTES:
            raise TooMuchInside
        if f"{kind.type}.main+xml".encode() not in archive.read(CONTENT_TYPES):
            raise NotThatType


def check_zip(file: BinaryIO, kind: Kind) -> None:
    """Raise NotThatType unless it is a zip, TooMuchInside if it is a bomb."""
    with _open_zip(file):
        pass


def check_text(file: BinaryIO, kind: Kind) -> None:
    """Raise NotThatType unless it is text in a known encoding, and nothing that begins as something else does."""
    head = read_head(file)
    if types_of(head) & {"application/pdf", "image/svg+xml"} or b"<svg" in head.lower() or _is_zip(file):
        raise NotThatType
    _check_characters(file)
    if not any(_can_be_read(file, encoding) for encoding in ENCODINGS):
        raise NotThatType


def check_svg(file: BinaryIO, kind: Kind) -> None:
    """Raise NotThatType unless it is a text with an SVG in it. It may hold a script: it is never shown in a page."""
    if b"<svg" not in read_head(file).lower():
        raise NotThatType
    _check_characters(file)


def _open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Raises NotThatType for what is no zip from its first byte on, TooMuchInside for a bomb."""
    if not read_head(file).startswith(ZIP_START):
        raise NotThatType
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError):
        raise NotThatType from None
    if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED_BYTES:
        raise TooMuchInside
    return archive


def _is_zip(file: BinaryIO) -> bool:
    """Also one that stands behind something else: a zip is read from its end."""
    file.seek(0)
    return zipfile.is_zipfile(file)


def _check_characters(file: BinaryIO) -> None:
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        if block.translate(None, NO_TEXT) != block:
            raise NotThatType


def _can_be_read(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while block := file.read(BLOCK_BYTES):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
