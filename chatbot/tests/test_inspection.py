"""What a file is, by its content: what looks into it, called without a process of its own."""

import io
from typing import Any

import pytest
from PIL import Image

from chatbot.attachments.inspection.__main__ import look_into
from chatbot.attachments.inspection.findings import NotThatType, Size, TooMuchInside
from harness import files

PICTURES = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP"}
TEXTS = {"UTF-8": "Grüße 你好\n", "GB18030": "价格，数量\n", "cp1252": "café\n"}


def inspect(extension: str, content: bytes) -> tuple[Size | None, bytes, bytes]:
    """The size that is found, the picture that is kept, its preview."""
    clean, preview = io.BytesIO(), io.BytesIO()
    size = look_into(extension, io.BytesIO(content), clean, preview)
    return size, clean.getvalue(), preview.getvalue()


def opened(content: bytes) -> Any:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("extension", "form"), PICTURES.items())
def test_picture_is_kept_in_its_format_with_a_preview(extension: str, form: str) -> None:
    size, clean, preview = inspect(extension, files.picture(form, 900, 700))
    assert size == Size(*opened(clean).size)
    assert (opened(clean).format, opened(preview).format) == (form, "WEBP")
    assert max(opened(preview).size) == 640


@pytest.mark.parametrize("extension", ["jpg", "png", "webp"])
def test_picture_is_turned_as_its_exif_says(extension: str) -> None:
    size, clean, _ = inspect(extension, files.picture(PICTURES[extension], 64, 48))
    assert size == Size(48, 64)
    assert not opened(clean).getexif()


@pytest.mark.parametrize(("extension", "form"), PICTURES.items())
def test_nothing_of_what_came_with_the_pixels_is_kept(extension: str, form: str) -> None:
    _, clean, preview = inspect(extension, files.picture(form) + files.SCRIPT)
    for kept in (clean, preview):
        assert files.MAKER.encode() not in kept
        assert files.SCRIPT not in kept


@pytest.mark.parametrize("extension", ["gif", "webp", "png"])
def test_animation_goes_on(extension: str) -> None:
    _, clean, _ = inspect(extension, files.picture(PICTURES[extension], frames=4))
    assert opened(clean).n_frames == 4


def test_transparency_is_kept() -> None:
    with io.BytesIO() as file:
        Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")
        _, clean, preview = inspect("png", file.getvalue())
    assert opened(clean).getpixel((0, 0))[3] == opened(preview).getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("extension", files.MAIN_PARTS)
def test_office_file_is_one(extension: str) -> None:
    assert inspect(extension, files.office(extension)) == (None, b"", b"")


@pytest.mark.parametrize("encoding", TEXTS)
def test_text_is_one_in_usual_encodings(encoding: str) -> None:
    assert inspect("csv", TEXTS[encoding].encode(encoding)) == (None, b"", b"")


def test_pdf_is_one() -> None:
    assert inspect("pdf", files.pdf()) == (None, b"", b"")


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("jpg", files.picture("PNG")),
        ("png", files.picture("JPEG")),
        ("jpg", files.picture("JPEG")[:200]),
        ("png", files.picture("PNG")[:60]),
        ("gif", b"GIF89a" + files.SCRIPT),
        ("webp", b"RIFF\x10\x00\x00\x00WEBPVP8 "),
        ("png", files.svg()),
        ("jpg", files.pdf()),
        ("pdf", files.picture()),
        ("pdf", b"\n" + files.pdf()),
        ("pdf", b"%PDF-1.7\n"),
        ("txt", files.pdf()),
        ("txt", files.svg()),
        ("txt", b"a\0b"),
        ("txt", b"\x1b[2J\x07"),
        ("txt", b"ab\xff\x81\xff\x8d"),
        ("csv", files.archive({"a": b"b"})),
        ("docx", files.archive({"a": b"b"})),
        ("docx", files.office("xlsx")),
        ("docx", b"PK\x03\x04" + b"x" * 100),
        ("docx", files.office("docx", {"word/vbaProject.bin": b"macro"})),
        ("svg", files.picture("PNG")),
        ("zip", b"PK\x03\x04"),
    ],
)
def test_content_that_does_not_agree_with_the_extension_is_refused(extension: str, content: bytes) -> None:
    with pytest.raises(NotThatType):
        inspect(extension, content)


@pytest.mark.parametrize("whole", [files.pdf(), b"words\n"])
def test_file_that_is_an_archive_too_is_refused(whole: bytes) -> None:
    extension = "pdf" if whole.startswith(b"%PDF") else "txt"
    with pytest.raises(NotThatType):
        inspect(extension, whole + files.archive({"evil.html": files.SCRIPT}) + b"\n%%EOF\n"[: len(whole) % 2])


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("png", files.picture_bomb()),
        ("png", files.picture_bomb(100_000, 501)),
        ("gif", files.picture("GIF", 1_500, 1_500, frames=25)),
        ("docx", files.archive_bomb()),
    ],
)
def test_bomb_is_refused_before_it_is_unpacked(extension: str, content: bytes) -> None:
    assert len(content) < 1_000_000
    with pytest.raises(TooMuchInside):
        inspect(extension, content)


def test_svg_is_kept_as_it_is() -> None:
    assert inspect("svg", files.svg()) == (None, b"", b"")
