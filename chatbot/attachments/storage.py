"""Where the bytes are: Django's storage `attachments`. A file's name there is made of its id alone.

Everything here may take as long as a disk or a network does: call it on a thread.
"""

from typing import IO, BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from chatbot.conversations.errors import FilesUnavailable


def stored_name(pk: str, *, is_preview: bool = False) -> str:
    """In one of some thousand folders."""
    return f"{pk[:2]}/{pk}{'.preview' if is_preview else ''}"


def store(pk: str, file: BinaryIO, preview: BinaryIO | None) -> None:
    """Raises FilesUnavailable, with nothing stored as far as the storage lets us."""
    try:
        for content, is_preview in ((file, False), (preview, True)):
            if content is not None:
                content.seek(0)
                _storage().save(stored_name(pk, is_preview=is_preview), File(content))
    except Exception as error:  # each storage has exceptions of its own
        delete(pk)
        raise FilesUnavailable from error


def open_file(pk: str, *, is_preview: bool = False) -> IO[bytes]:
    """Raises FileNotFoundError, and what else the storage raises."""
    opened: IO[bytes] = _storage().open(stored_name(pk, is_preview=is_preview))
    return opened


def delete(pk: str) -> None:
    """Also what is not there."""
    for is_preview in (False, True):
        _storage().delete(stored_name(pk, is_preview=is_preview))


def accel_address(pk: str, *, is_preview: bool = False) -> str:
    """Where nginx finds it, for X-Accel-Redirect; empty without settings.ATTACHMENT_ACCEL."""
    return settings.ATTACHMENT_ACCEL and settings.ATTACHMENT_ACCEL + stored_name(pk, is_preview=is_preview)


def _storage() -> Storage:
    return storages["attachments"]
