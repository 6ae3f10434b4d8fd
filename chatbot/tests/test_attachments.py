"""A customer sends files, messages take them, and who may read the session may read them."""

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.http import HttpResponse
from PIL import Image

from chatbot.attachments import retention
from chatbot.conversations.attachments import MAX_UNCLAIMED
from chatbot.conversations.errors import AttachmentNotFound
from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.models import Attachment, ChatSession, Message, Role
from chatbot.tests.customer import Customer, error_code, make_session
from chatbot.tests.database import count_queries
from chatbot.tests.logged import logged
from harness import files
from harness.files import files_in
from realtime.database import in_database


async def read(customer: Customer, address: str) -> tuple[HttpResponse, bytes]:
    """The answer, and its content."""
    response: Any = await customer.get(address)
    if not response.streaming:
        return response, response.content
    return response, b"".join([part async for part in response])


async def test_file_is_described_as_it_is_kept(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "C:\\holiday\\beach.JPG", files.picture(width=800, height=600))
    _, kept = await read(customer, said["url"])
    url = f"/api/attachments/{said['id']}"
    assert said == {
        "id": said["id"],
        "name": "beach.JPG",
        "type": "image/jpeg",
        "bytes": len(kept),
        "width": 600,
        "height": 800,
        "url": url,
        "preview_url": f"{url}/preview",
    }
    assert Image.open(io.BytesIO(kept)).size == (600, 800)


async def test_document_has_no_size_and_no_preview(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "bill.pdf", files.pdf())
    assert (said["width"], said["height"], said["preview_url"]) == (None, None, None)
    assert error_code(await customer.get(f"{said['url']}/preview")) == "ATTACHMENT_NOT_FOUND"
    assert (await read(customer, said["url"]))[1] == files.pdf()


async def test_message_takes_files_in_their_order(customer: Customer) -> None:
    name = await customer.start()
    said = [await customer.attach(name, f"{n}.txt", b"words") for n in range(3)]
    wanted = [said[2], said[0], said[1]]
    message = json.loads((await customer.send(name, *(each["id"] for each in wanted), content="look")).content)
    assert message["attachments"] == wanted
    [listed] = json.loads((await customer.get(f"/api/sessions/{name}")).content)["messages"]
    assert listed == message
    [event] = [each for each in await in_database(logged, f"sse_session_{name}") if each["type"] == "new_message"]
    assert event["payload"]["attachments"] == wanted


async def test_message_may_say_nothing_beside_its_files(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "bill.pdf", files.pdf())
    body = {"client_id": "c-1", "attachments": [said["id"]]}
    response = await customer.post(f"/api/sessions/{name}/messages", body)
    assert (response.status_code, json.loads(response.content)["content"]) == (201, "")
    session = await in_database(ChatSession.objects.get)
    assert session.last_message == "\N{PAPERCLIP} bill.pdf"


async def test_repeat_of_a_message_returns_its_files(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "bill.pdf", files.pdf())
    first = await customer.send(name, said["id"])
    again = await customer.send(name, said["id"])
    assert (first.status_code, again.status_code) == (201, 200)
    assert json.loads(again.content) == json.loads(first.content)


@pytest.mark.parametrize("count", [1, 10])
async def test_lists_of_messages_take_one_query_for_all_files(customer: Customer, count: int) -> None:
    name = await customer.start()
    for n in range(count):
        said = await customer.attach(name, "bill.pdf", files.pdf())
        await customer.send(name, said["id"], client_id=f"c-{n}")
    assert len(await count_queries(lambda: customer.get(f"/api/sessions/{name}"))) == 5


# What no message can take


async def refuse(customer: Customer, name: str, *ids: str) -> tuple[int, str]:
    """What a message with these files is told; nothing is stored."""
    before = await in_database(Message.objects.count)
    response = await customer.send(name, *ids, client_id="c-refused")
    assert await in_database(Message.objects.count) == before
    return response.status_code, error_code(response)


async def test_file_of_another_session_is_not_found(customer: Customer) -> None:
    name, other = await customer.start(), await customer.start()
    said = await customer.attach(other, "bill.pdf", files.pdf())
    assert await refuse(customer, name, said["id"]) == (404, "ATTACHMENT_NOT_FOUND")


async def test_file_of_the_other_side_is_not_found(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "bill.pdf", files.pdf())
    await in_database(Attachment.objects.update, role=Role.AGENT)
    assert await refuse(customer, name, said["id"]) == (404, "ATTACHMENT_NOT_FOUND")


async def test_file_of_another_message_is_not_found(customer: Customer) -> None:
    name = await customer.start()
    said = [await customer.attach(name, "bill.pdf", files.pdf()) for _ in range(2)]
    await customer.send(name, said[0]["id"])
    assert await refuse(customer, name, said[1]["id"], said[0]["id"]) == (404, "ATTACHMENT_NOT_FOUND")
    assert (await customer.send(name, said[1]["id"], client_id="c-2")).status_code == 201


async def test_file_older_than_a_day_is_not_found(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "bill.pdf", files.pdf())
    await in_database(make_older)
    assert await refuse(customer, name, said["id"]) == (404, "ATTACHMENT_NOT_FOUND")


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([""], "INVALID_ATTACHMENTS"),
        (["x" * 21 + "\n"], "INVALID_ATTACHMENTS"),
        ([7], "INVALID_ATTACHMENTS"),
        (["x" * 22] * 2, "INVALID_ATTACHMENTS"),
        ([f"{n:022}" for n in range(11)], "INVALID_ATTACHMENTS"),
        ([], "INVALID_CONTENT"),
        (["x" * 22], "ATTACHMENT_NOT_FOUND"),
    ],
)
async def test_bad_ids_are_refused(customer: Customer, ids: list[Any], code: str) -> None:
    name = await customer.start()
    assert (await refuse(customer, name, *ids))[1] == code


def test_one_of_many_messages_gets_a_file(transactional_db: None) -> None:
    """One after the other here; tests/database_promises.py has them at once."""
    session = make_session()
    attachment = Attachment.objects.create(
        id="x" * 22, session=session, role=Role.CUSTOMER, name="a.txt", type="text/plain", size_bytes=1
    )
    post = partial(post_customer_message, session_name="s-1", content="", credentials=None, attachments=[attachment.pk])
    post(client_id="c-1")
    with pytest.raises(AttachmentNotFound):
        post(client_id="c-2")
    assert Message.objects.count() == 1


# Who may read


async def test_picture_is_shown_and_all_else_is_saved(customer: Customer) -> None:
    name = await customer.start()
    picture = await customer.attach(name, "a.png", files.picture("PNG"))
    document = await customer.attach(name, "価格 “list”.pdf", files.pdf())
    shown, saved, preview = [
        (await read(customer, url))[0] for url in (picture["url"], document["url"], picture["preview_url"])
    ]
    assert shown["Content-Disposition"].startswith("inline")
    assert (shown["Content-Type"], preview["Content-Type"]) == ("image/png", "image/webp")
    assert saved["Content-Disposition"].startswith("attachment; filename*=utf-8''%E4%BE%A1")
    assert saved["Content-Security-Policy"].startswith("sandbox")
    for response in (shown, saved, preview):
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "private, no-cache"


async def test_svg_where_it_is_allowed_is_no_picture(customer: Customer, settings: Any) -> None:
    settings.ATTACHMENT_TYPES = ("svg",)
    name = await customer.start()
    said = await customer.attach(name, "a.svg", files.svg())
    assert (said["type"], said["width"], said["preview_url"]) == ("image/svg+xml", None, None)
    response, _ = await read(customer, said["url"])
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Security-Policy"].startswith("sandbox")


async def test_strangers_find_nothing(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "a.png", files.picture("PNG"))
    await stranger.start()
    for address in (said["url"], said["preview_url"], "/api/attachments/unknown"):
        assert (await stranger.get(address)).status_code == 404
    assert (await read(customer, said["url"]))[0].status_code == 200


async def test_customer_reads_an_agents_file_once_it_is_in_a_message(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "a.pdf", files.pdf())
    await in_database(Attachment.objects.update, role=Role.AGENT)
    assert (await customer.get(said["url"])).status_code == 404
    message = await customer.say(name, "hi")
    await in_database(Attachment.objects.update, message=message["id"])
    assert (await read(customer, said["url"]))[0].status_code == 200


async def test_browser_that_has_it_is_told_so(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "a.pdf", files.pdf())
    first, _ = await read(customer, said["url"])
    again = await customer.get(said["url"], **{"If-None-Match": first["ETag"]})
    assert again.status_code == 304


async def test_nginx_is_told_where_the_file_is(customer: Customer, settings: Any, attachment_folder: Path) -> None:
    settings.ATTACHMENT_ACCEL = "/files/"
    name = await customer.start()
    said = await customer.attach(name, "a.png", files.picture("PNG"))
    response = await customer.get(said["url"])
    place = response["X-Accel-Redirect"].removeprefix("/files/")
    assert (attachment_folder / place).stat().st_size == said["bytes"]
    assert response.content == b""
    assert (await customer.get(said["preview_url"]))["X-Accel-Redirect"] == f"/files/{place}.preview"


# What is deleted


def make_older() -> None:
    Attachment.objects.update(created_at=F("created_at") - retention.UNCLAIMED)


async def test_file_that_no_message_took_is_deleted_after_a_day(customer: Customer, attachment_folder: Path) -> None:
    name = await customer.start()
    await customer.attach(name, "a.png", files.picture("PNG"))
    sent = await customer.attach(name, "b.pdf", files.pdf())
    await customer.send(name, sent["id"])
    assert await in_database(retention.prune) == 0
    await in_database(make_older)
    assert await in_database(retention.prune) == 1
    assert [path.name for path in files_in(attachment_folder)] == [sent["id"]]
    assert await in_database(Attachment.objects.count) == 1


async def test_files_of_a_session_that_is_gone_are_deleted(customer: Customer, attachment_folder: Path) -> None:
    name = await customer.start()
    said = await customer.attach(name, "a.png", files.picture("PNG"))
    await customer.send(name, said["id"])
    await in_database(ChatSession.objects.all().delete)
    assert (await customer.get(said["url"])).status_code == 404
    assert await in_database(retention.prune) == 1
    assert (files_in(attachment_folder), await in_database(Attachment.objects.count)) == ([], 0)


async def test_session_has_room_for_so_many_files_that_are_not_sent(customer: Customer) -> None:
    name = await customer.start()
    said = await customer.attach(name, "a.pdf", files.pdf())
    row = await in_database(Attachment.objects.get)
    for n in range(MAX_UNCLAIMED - 1):
        row.pk = f"{n:022}"
        await in_database(row.save, force_insert=True)
    response = await customer.upload(name, "b.pdf", files.pdf())
    assert (response.status_code, error_code(response)) == (409, "TOO_MANY_ATTACHMENTS")
    await customer.send(name, said["id"])
    assert (await customer.upload(name, "b.pdf", files.pdf())).status_code == 201
