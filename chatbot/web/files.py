"""Operations whose body or answer is a file, which are no jobs on a database thread: `takes_file`, `gives_file`."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.core.exceptions import RequestAborted
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Status

from chatbot.attachments.download import give_file
from chatbot.attachments.upload import take_upload
from chatbot.conversations import errors
from chatbot.models import Attachment
from chatbot.web.json_api import Access, AsyncJob, describe
from realtime.database import in_turn, read_database

# Writes the row of a file that was sent to the session of this name; finds one of this id that the caller may read.
Add = Callable[[HttpRequest, str, Attachment], None]
Find = Callable[[HttpRequest, str], Attachment]

FORM: Mapping[str, Any] = MappingProxyType(
    {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": {"type": "string", "format": "binary"}},
                        "required": ["file"],
                    }
                }
            },
        }
    }
)
BYTES: Mapping[str, Any] = MappingProxyType(
    {
        "responses": {
            200: {
                "description": "The bytes, with the type and the name of the file.",
                "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
            },
            304: {"description": "The caller has it (`If-None-Match`)."},
        }
    }
)
UPLOAD_REFUSALS = (
    errors.InvalidForm,
    errors.TooManyAttachments,
    errors.FileTooLarge,
    errors.UnsupportedMediaType,
    errors.FileType,
    errors.FilesUnavailable,
)


def takes_file(*refusals: type[errors.ApiError], access: Access) -> Callable[[Add], AsyncJob[Any]]:
    """Make an operation of what writes a file's row, on a database thread.

    `access` is asked before the body is read.
    """

    def decorate(add: Add) -> AsyncJob[Any]:
        async def operation(request: HttpRequest, name: str) -> Any:
            async def add_row(attachment: Attachment) -> None:
                await in_turn(name, add, request, name, attachment)

            try:
                await read_database(access, request, name)
                return Status(201, await take_upload(request, add_row))
            except TimeoutError:
                return HttpResponse(status=408)
            except RequestAborted:  # nobody is there to be answered
                return HttpResponse(status=400)

        return _like(add, operation, (*UPLOAD_REFUSALS, *refusals), access)

    return decorate


def gives_file(*, is_preview: bool, access: Access) -> Callable[[Find], AsyncJob[HttpResponseBase]]:
    """Make an operation of what finds a file that the caller may read, on a database thread."""

    def decorate(find: Find) -> AsyncJob[HttpResponseBase]:
        async def operation(request: HttpRequest, attachment_id: str) -> HttpResponseBase:
            attachment = await read_database(find, request, attachment_id)
            return await give_file(request, attachment, is_preview=is_preview)

        return _like(find, operation, (errors.AttachmentNotFound, errors.FilesUnavailable), access)

    return decorate


def _like(
    job: Callable[..., Any], operation: AsyncJob[Any], refusals: Sequence[type[errors.ApiError]], access: Access
) -> AsyncJob[Any]:
    """With the name and the words of the job, and arguments of its own."""
    operation.__name__, operation.__doc__ = job.__name__, job.__doc__
    return describe(operation, refusals, access)
