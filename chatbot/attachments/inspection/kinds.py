"""The kinds of files that can be accepted, by extension."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Family(Enum):
    """How a kind is looked into."""

    PICTURE = "picture"
    PDF = "pdf"
    OFFICE = "office"
    ZIP = "zip"
    TEXT = "text"
    SVG = "svg"


@dataclass(frozen=True, slots=True)
class Kind:
    """`mark` is what the family's check looks for: Pillow's format of a picture, the main part of an office file."""

    type: str
    family: Family
    mark: str = ""


OFFICE_TYPE = "application/vnd.openxmlformats-officedocument"

KINDS: Final[dict[str, Kind]] = {
    "jpg": Kind("image/jpeg", Family.PICTURE, "JPEG"),
    "jpeg": Kind("image/jpeg", Family.PICTURE, "JPEG"),
    "png": Kind("image/png", Family.PICTURE, "PNG"),
    "gif": Kind("image/gif", Family.PICTURE, "GIF"),
    "webp": Kind("image/webp", Family.PICTURE, "WEBP"),
    "pdf": Kind("application/pdf", Family.PDF),
    "txt": Kind("text/plain", Family.TEXT),
    "csv": Kind("text/csv", Family.TEXT),
    "docx": Kind(f"{OFFICE_TYPE}.wordprocessingml.document", Family.OFFICE, "word/document.xml"),
    "xlsx": Kind(f"{OFFICE_TYPE}.spreadsheetml.sheet", Family.OFFICE, "xl/workbook.xml"),
    "pptx": Kind(f"{OFFICE_TYPE}.presentationml.presentation", Family.OFFICE, "ppt/presentation.xml"),
    # Only where the operator names them.
    "svg": Kind("image/svg+xml", Family.SVG),
    "zip": Kind("application/zip", Family.ZIP),
}


def extension_of(name: str) -> str:
    """What stands behind the last dot, in small letters; empty without one."""
    return name.rpartition(".")[2].lower() if "." in name else ""
