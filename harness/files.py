"""Files that people send, good and bad ones, made when they are needed."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

SCRIPT = b"<script>alert(1)</script>"
MAKER = "A maker of cameras"
ORIENTATION, MAKE = 0x0112, 0x010F
TURNED_RIGHT = 6
OFFICE = "application/vnd.openxmlformats-officedocument"
MAIN_PARTS = {
    "docx": (f"{OFFICE}.wordprocessingml.document", "word/document.xml"),
    "xlsx": (f"{OFFICE}.spreadsheetml.sheet", "xl/workbook.xml"),
    "pptx": (f"{OFFICE}.presentationml.presentation", "ppt/presentation.xml"),
}


def files_in(folder: Path) -> list[Path]:
    """All that is stored, at any depth; none where nothing has been stored yet."""
    return [path for path in folder.rglob("*") if path.is_file()]


def picture(form: str = "JPEG", width: int = 64, height: int = 48, *, frames: int = 1) -> bytes:
    """A picture in one colour, with EXIF that says its maker and that it is to be turned: height and width change."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = TURNED_RIGHT, MAKER
    shades = [40 * number % 256 for number in range(frames)]
    if form == "GIF":  # to choose colours for each frame would take seconds
        images = [Image.new("L", (width, height), shade) for shade in shades]
    else:
        images = [Image.new("RGB", (width, height), (200, shade, 40)) for shade in shades]
    with io.BytesIO() as file:
        if frames > 1:
            images[0].save(file, form, save_all=True, append_images=images[1:], duration=50)
        elif form == "GIF":
            images[0].save(file, form, comment=MAKER.encode())
        else:
            images[0].save(file, form, exif=exif)
        return file.getvalue()


def noise(size_bytes: int) -> bytes:
    """A PDF of this size that does not become smaller when it is packed."""
    chunk = bytes(range(32, 127)) * 700
    start, end = b"%PDF-1.7\n", b"\n%%EOF\n"
    middle = chunk * (size_bytes // len(chunk) + 1)
    return start + middle[: size_bytes - len(start) - len(end)] + end


def pdf(more: bytes = b"") -> bytes:
    return b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n" + more + b"\n%%EOF\n"


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip."""
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return file.getvalue()


def office(extension: str, more: Mapping[str, bytes] = {}) -> bytes:
    """The least that is an office file of this kind."""
    kind, part = MAIN_PARTS[extension]
    types = f'<Types><Override PartName="/{part}" ContentType="{kind}.main+xml"/></Types>'
    return archive({"[Content_Types].xml": types.encode(), part: b"<document/>", **more})


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"


def picture_bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of some kilobytes that says that it has so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (_part(b"IHDR", header), _part(b"IDAT", zlib.compress(bytes(1_000_000), 9)), _part(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _part(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def archive_bomb(claimed_bytes: int = 2 * 1024**3) -> bytes:
    """An office file whose one part says that it is so large when it is unpacked."""
    packed = bytearray(office("docx"))
    place = packed.rindex(b"PK\x01\x02")  # of the last part, in the directory at the end
    packed[place + 24 : place + 28] = struct.pack("<I", claimed_bytes)
    return bytes(packed)
