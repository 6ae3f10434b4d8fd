"""Files that are refused: the caller is told why, in its language, and nothing is stored."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.attachments import inspector, storage
from chatbot.attachments.receiving import clean_name
from chatbot.models import Attachment
from chatbot.tests.customer import Customer, error_code
from harness import files
from harness.files import files_in
from realtime.database import in_database

MEBIBYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def _small_limit(settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = MEBIBYTE


async def refuse(customer: Customer, folder: Path, file_name: str, content: bytes) -> tuple[int, str]:
    name = await customer.start()
    response = await customer.upload(name, file_name, content)
    assert not await in_database(Attachment.objects.exists)
    assert files_in(folder) == []
    return response.status_code, error_code(response)


@pytest.mark.parametrize(
    ("file_name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a", b"words"),
        ("a.svg", files.svg()),
        ("a.png.html", files.SCRIPT),
        ("a.docm", files.office("docx")),
        ("a.png", files.picture("JPEG")),
        ("a.txt", files.svg()),
        ("a.pdf", b"\n" + files.pdf()),
        ("a.jpg", files.picture("JPEG")[:300]),
    ],
)
async def test_wrong_type_is_refused(
    customer: Customer, attachment_folder: Path, file_name: str, content: bytes
) -> None:
    assert await refuse(customer, attachment_folder, file_name, content) == (415, "FILE_TYPE")


@pytest.mark.parametrize(
    ("file_name", "content"),
    [
        ("a.pdf", files.noise(MEBIBYTE + 1)),
        ("a.png", files.picture_bomb()),
        ("a.docx", files.archive_bomb()),
    ],
)
async def test_too_large_is_refused(
    customer: Customer, attachment_folder: Path, file_name: str, content: bytes
) -> None:
    assert await refuse(customer, attachment_folder, file_name, content) == (413, "FILE_TOO_LARGE")


async def test_as_large_as_the_limit_is_taken(customer: Customer) -> None:
    name = await customer.start()
    assert (await customer.attach(name, "a.pdf", files.noise(MEBIBYTE)))["bytes"] == MEBIBYTE


async def test_caller_is_told_in_his_language_what_is_taken(customer: Customer) -> None:
    name = await customer.start()
    response = await customer.upload(name, "a.exe", b"MZ", **{"Accept-Language": "zh-hans"})
    message = json.loads(response.content)["error"]["message"]
    assert "docx" in message
    assert "不" in message


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data", b"", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken", 400, "INVALID_FORM"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 400, "INVALID_FORM"),
        ("multipart/form-data; boundary=x", b"field name=file", 400, "INVALID_FORM"),
        ("multipart/form-data; boundary=x", b"field name=file; filename=a.txt", 400, "INVALID_FORM"),
        ("multipart/form-data; boundary=x", b"field name=other; filename=a.txt\nwords", 400, "INVALID_FORM"),
    ],
)
async def test_bad_form_is_refused(customer: Customer, content_type: str, body: bytes, status: int, code: str) -> None:
    name = await customer.start()
    if body.startswith(b"field "):
        head, _, content = body[6:].partition(b"\n")
        body = b"--x\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + content + b"\r\n--x--\r\n"
    path = f"/api/sessions/{name}/attachments"
    response: Any = await customer.client.generic("POST", path, body, content_type=content_type)
    assert (response.status_code, error_code(response)) == (status, code)


async def test_two_files_in_a_form_are_refused(customer: Customer) -> None:
    name = await customer.start()
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nwords\r\n'
    response: Any = await customer.client.generic(
        "POST",
        f"/api/sessions/{name}/attachments",
        part * 2 + b"--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert (response.status_code, error_code(response)) == (400, "INVALID_FORM")


async def test_stranger_gets_no_file_in(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    await stranger.start()
    response = await stranger.upload(name, "a.pdf", files.pdf())
    assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\a\\b.txt", "b.txt"),
        ("a\0b\n.txt", "ab.txt"),
        ("photo\N{RIGHT-TO-LEFT OVERRIDE}gpj.txt", "photogpj.txt"),
        ("发票 2026.pdf", "发票 2026.pdf"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("x." + "y" * 300, "y" * 255),
        ("/", ""),
    ],
)
def test_name_is_the_last_part_of_a_path_and_not_too_long(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


async def test_file_that_kills_its_inspection_is_refused(
    customer: Customer, attachment_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspector, "COMMAND", ("sh", "-c", "kill -9 $$"))
    assert await refuse(customer, attachment_folder, "a.pdf", files.pdf()) == (415, "FILE_TYPE")


async def test_storage_that_fails_keeps_nothing(
    customer: Customer, attachment_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, content: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(storage._storage(), "save", fail)
    assert await refuse(customer, attachment_folder, "a.pdf", files.pdf()) == (503, "FILES_UNAVAILABLE")


# The virus scanner


class Clamd(threading.Thread):
    """Speaks as clamd does, and finds what contains `virus`."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        self.scanned = 0

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                assert stream.readline() == b"nINSTREAM\n"
                content = b""
                while size := int.from_bytes(stream.read(4), "big"):
                    content += stream.read(size)
                self.scanned += len(content)
                stream.write(b"stream: Test FOUND\n" if b"virus" in content else b"stream: OK\n")

    def close(self) -> None:
        if self.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
            self.join()
            self._listener.close()


@pytest.fixture
def clamd(settings: Any) -> Iterator[Clamd]:
    daemon = Clamd()
    daemon.start()
    settings.ATTACHMENT_CLAMD = daemon.address
    yield daemon
    daemon.close()


async def test_file_that_the_scanner_refuses_is_refused(
    customer: Customer, attachment_folder: Path, clamd: Clamd
) -> None:
    assert await refuse(customer, attachment_folder, "a.txt", b"a virus") == (415, "FILE_TYPE")
    assert clamd.scanned == 7


async def test_file_that_the_scanner_lets_pass_is_taken(customer: Customer, clamd: Clamd) -> None:
    name = await customer.start()
    await customer.attach(name, "a.pdf", files.pdf())
    assert clamd.scanned == len(files.pdf())


async def test_without_the_scanner_nothing_is_taken(customer: Customer, attachment_folder: Path, clamd: Clamd) -> None:
    await asyncio.to_thread(clamd.close)
    assert await refuse(customer, attachment_folder, "a.txt", b"words") == (503, "FILES_UNAVAILABLE")
