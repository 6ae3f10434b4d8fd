"""Having a file looked into by a process of its own, which gets open files and hardly anything else.

What a picture takes when it is unpacked, a hundred times its size, is not this process's; a decoder that a stranger
breaks has no database, no key and no network address to go to.
"""

import asyncio
import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from chatbot.attachments.inspection.kinds import Family
from chatbot.attachments.receiving import Received
from chatbot.conversations.errors import FileTooLarge, FileType

AT_ONCE = 2  # of one service's process: each may take a core, and 1 GB
LIMIT_SECONDS = 60.0
PROJECT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-E", "-s", "-m", "chatbot.attachments.inspection")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}

logger = logging.getLogger(__name__)

_waiting = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="inspection")


@dataclass(frozen=True, slots=True)
class Inspected:
    """What is to be kept: the file itself, or a picture that was written anew, with its size and preview."""

    file: BinaryIO
    preview: BinaryIO | None = None
    width: int | None = None
    height: int | None = None


@asynccontextmanager
async def inspect(received: Received) -> AsyncIterator[Inspected]:
    """Look into a file. Raises FileType, FileTooLarge (when it is unpacked)."""
    with tempfile.TemporaryFile() as clean, tempfile.TemporaryFile() as preview:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(_waiting, _ask, received.extension, received.file, clean, preview)
        if answer["found"] == "size":
            raise FileTooLarge(_("The file is too large when it is unpacked."))
        if answer["found"] != "good":
            raise FileType
        if received.kind.family is Family.PICTURE:
            yield Inspected(clean, preview, answer["width"], answer["height"])
        else:
            yield Inspected(received.file)


def _ask(extension: str, *files: BinaryIO) -> dict[str, Any]:
    numbers = [file.fileno() for file in files]
    command = [*COMMAND, extension, *map(str, numbers)]
    try:
        done = subprocess.run(
            command,
            pass_fds=numbers,
            cwd=PROJECT,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        # A decoder that died of a file; a broken installation says so here, too.
        said = getattr(error, "stderr", None) or b""
        logger.warning("a file could not be looked into extension=%s error=%s: %s", extension, error, said[-300:])
        return {"found": "type"}
    return answer
