"""`python -m chatbot.attachments.inspection EXTENSION SOURCE CLEAN PREVIEW`: look into one file.

The last three are numbers of open files: what came, and, for a picture, where to write it anew, and its preview. One
line of JSON on standard output says what was found: `{"found": "good", "width", "height"}`, or `{"found": "type"}` or
`{"found": "size"}` for a file that is refused.
"""

import json
import os
import resource
import sys
from typing import BinaryIO

from chatbot.attachments.inspection import documents
from chatbot.attachments.inspection.findings import NotThatType, Size, TooMuchInside
from chatbot.attachments.inspection.kinds import KINDS, Family

MAX_MEMORY_BYTES = 1536 * 1024 * 1024  # of addresses; a picture of MAX_PIXELS takes a third
MAX_CPU_SECONDS = 30
CHECKS = {
    Family.PDF: documents.check_pdf,
    Family.OFFICE: documents.check_office,
    Family.ZIP: documents.check_zip,
    Family.TEXT: documents.check_text,
    Family.SVG: documents.check_svg,
}


def look_into(extension: str, source: BinaryIO, clean: BinaryIO, preview: BinaryIO) -> Size | None:
    """The size of a picture, None for another file. Raises NotThatType, TooMuchInside."""
    kind = KINDS[extension]
    if kind.family is not Family.PICTURE:
        CHECKS[kind.family](source, kind)
        return None
    from chatbot.attachments.inspection.pictures import rewrite  # half of the time that a text takes

    return rewrite(source, kind, clean, preview)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    extension, *numbers = sys.argv[1:]
    source, clean, preview = (os.fdopen(int(number), "r+b") for number in numbers)
    answer: dict[str, object]
    try:
        size = look_into(extension, source, clean, preview)
        answer = {"found": "good", "width": size.width if size else None, "height": size.height if size else None}
    except NotThatType:
        answer = {"found": "type"}
    except (TooMuchInside, MemoryError):
        answer = {"found": "size"}
    clean.flush()
    preview.flush()
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
