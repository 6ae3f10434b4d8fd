"""An upload, from its first byte to its answer."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from django.http import HttpRequest

from chatbot.attachments import storage
from chatbot.attachments.inspector import Inspected, inspect
from chatbot.attachments.receiving import Received, receive_file
from chatbot.attachments.retention import forget
from chatbot.attachments.scanner import scan
from chatbot.conversations.attachments import AttachmentJson, attachment_json
from chatbot.models import Attachment
from realtime.database import in_database

# Writes the row of a file, whose session and role it knows. Raises an ApiError.
AddRow = Callable[[Attachment], Awaitable[None]]


async def take_upload(request: HttpRequest, add_row: AddRow) -> AttachmentJson:
    """Receive a file, look into it, write its row, store it.

    The row comes first: a process that dies then leaves a row, which is found and deleted, and no file without one.
    """
    async with receive_file(request) as received, inspect(received) as inspected:
        await asyncio.to_thread(scan, received.file)
        attachment = await asyncio.to_thread(_describe, received, inspected)
        await add_row(attachment)
        try:
            await asyncio.to_thread(storage.store, attachment.pk, inspected.file, inspected.preview)
        except BaseException:
            await in_database(forget, attachment.pk)
            raise
    return attachment_json(attachment)


def _describe(received: Received, inspected: Inspected) -> Attachment:
    return Attachment(
        id=secrets.token_urlsafe(16),  # nobody finds it by trying
        name=received.name,
        type=received.kind.type,
        size_bytes=inspected.file.seek(0, 2),
        width=inspected.width,
        height=inspected.height,
    )
