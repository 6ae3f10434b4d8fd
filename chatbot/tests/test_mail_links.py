"""The link of an e-mail opens one conversation in any browser, for a while, and tells nobody else anything."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.signing import TimestampSigner
from django.test import AsyncClient

from chatbot.customers.access import LINKS_COOKIE, authorise_streams
from chatbot.mail import links
from chatbot.models import ChatSession
from chatbot.tests.customer import Customer, error_code
from realtime import groups
from realtime.database import in_database
from realtime.stream.request import StreamRequest

ADDRESS = "wang@example.com"


def sign(name: str) -> str:
    return links.sign(ChatSession.objects.get(name=name))


async def open_link(browser: Customer, link: str) -> Any:
    return await browser.post("/api/links", {"link": link})


async def is_readable(browser: Customer, name: str) -> bool:
    return bool((await browser.get(f"/api/sessions/{name}")).status_code == 200)


async def test_another_browser_can_read_and_write_the_session(customer: Customer, stranger: Customer) -> None:
    name = await customer.start(customer={"email": ADDRESS})
    assert not await is_readable(stranger, name)
    response = await open_link(stranger, await in_database(sign, name))
    assert (response.status_code, json.loads(response.content)) == (200, {"session_name": name})
    assert await is_readable(stranger, name)
    await stranger.say(name, "I am back")
    assert await is_readable(customer, name)  # the browser that made it keeps it


async def test_its_cookie_is_out_of_reach_of_scripts_and_other_sites(customer: Customer, stranger: Customer) -> None:
    name = await customer.start(customer={"email": ADDRESS})
    cookie = (await open_link(stranger, await in_database(sign, name))).cookies[LINKS_COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


async def test_also_the_stream_opens(customer: Customer, stranger: Customer) -> None:
    name = await customer.start(customer={"email": ADDRESS})
    await open_link(stranger, await in_database(sign, name))
    cookies = {key: morsel.value for key, morsel in stranger.client.cookies.items()}
    request = StreamRequest(kwargs={"name": name}, cookies=cookies, headers={}, query={})
    assert await in_database(authorise_streams, [request]) == [(groups.session(name),)]


async def test_it_opens_that_session_only(customer: Customer, stranger: Customer) -> None:
    name, other = await customer.start(customer={"email": ADDRESS}), await customer.start(customer={"email": ADDRESS})
    await open_link(stranger, await in_database(sign, name))
    assert not await is_readable(stranger, other)


async def test_a_browser_keeps_what_it_has(customer: Customer, stranger: Customer) -> None:
    own = await stranger.start()
    first, second = [await customer.start(customer={"email": ADDRESS}) for _ in range(2)]
    await open_link(stranger, await in_database(sign, first))
    await open_link(stranger, await in_database(sign, second))
    assert [await is_readable(stranger, name) for name in (own, first, second)] == [True, True, True]


async def test_opening_changes_nothing_of_the_session(customer: Customer, stranger: Customer) -> None:
    name = await customer.start(customer={"email": ADDRESS})
    before = await in_database(lambda: ChatSession.objects.filter(name=name).values().get())
    await open_link(stranger, await in_database(sign, name))
    assert await in_database(lambda: ChatSession.objects.filter(name=name).values().get()) == before


@pytest.mark.parametrize("address", ["/", "/api/links"])
async def test_who_only_looks_gets_nothing(customer: Customer, stranger: Customer, address: str) -> None:
    """A program that scans mail fetches the address, without what stands behind the #."""
    await customer.start(customer={"email": ADDRESS})
    response = await stranger.get(address)
    assert LINKS_COOKIE not in response.cookies


async def refused(browser: Customer, link: str) -> bool:
    response = await open_link(browser, link)
    assert LINKS_COOKIE not in response.cookies
    return (response.status_code, error_code(response)) == (404, "LINK_INVALID")


@pytest.mark.parametrize("link", ["", "s-1", "s-1~0:1u:x", "::", "~:~:~"])
async def test_a_guess_is_refused(stranger: Customer, link: str) -> None:
    assert await refused(stranger, link)


async def test_a_changed_one_is_refused(customer: Customer, stranger: Customer) -> None:
    name, other = await customer.start(customer={"email": ADDRESS}), await customer.start(customer={"email": ADDRESS})
    link = await in_database(sign, name)
    assert await refused(stranger, link.replace(name, other))
    assert await refused(stranger, link[:-1])


async def test_one_that_is_too_old_is_refused(
    customer: Customer, stranger: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await in_database(sign, await customer.start(customer={"email": ADDRESS}))
    monkeypatch.setattr(links, "LINK_LIFETIME", timedelta(seconds=-1))
    assert await refused(stranger, link)


async def test_one_of_a_session_that_is_gone_is_refused(customer: Customer, stranger: Customer) -> None:
    link = await in_database(sign, await customer.start(customer={"email": ADDRESS}))
    await in_database(lambda: ChatSession.objects.all().delete())
    assert await refused(stranger, link)


async def test_one_to_a_former_address_is_refused(customer: Customer, stranger: Customer) -> None:
    name = await customer.start(customer={"email": ADDRESS})
    link = await in_database(sign, name)
    await customer.patch(f"/api/sessions/{name}", {"customer": {"email": "li@example.com"}})
    assert await refused(stranger, link)


async def test_what_it_has_opened_is_closed_by_another_address(customer: Customer, stranger: Customer) -> None:
    """The first one was mistyped: whoever has it reads no more. Who changes it himself goes on."""
    name = await customer.start(customer={"email": ADDRESS})
    await open_link(stranger, await in_database(sign, name))
    assert await is_readable(stranger, name)
    await stranger.patch(f"/api/sessions/{name}", {"customer": {"email": "wang@example.com"}})
    assert await is_readable(stranger, name)
    await customer.patch(f"/api/sessions/{name}", {"customer": {"email": "li@example.com"}})
    assert not await is_readable(stranger, name)


async def test_a_signature_made_for_something_else_is_refused(customer: Customer, stranger: Customer) -> None:
    name = await customer.start(customer={"email": ADDRESS})
    link = await in_database(sign, name)
    assert await refused(stranger, TimestampSigner(salt="chatbot.links").sign(link.split(":")[0]))


@pytest.mark.parametrize("forged", ["", "t" * 64, f"{'t' * 64}:1u:signature", "."])
async def test_a_forged_cookie_opens_nothing(customer: Customer, forged: str) -> None:
    name = await customer.start(customer={"email": ADDRESS})
    thief = Customer(AsyncClient())
    thief.client.cookies[LINKS_COOKIE] = forged
    assert not await is_readable(thief, name)


async def test_a_cookie_keeps_the_last_ones(customer: Customer, stranger: Customer) -> None:
    names = [await customer.start(customer={"email": ADDRESS}) for _ in range(6)]
    for name in names:
        await open_link(stranger, await in_database(sign, name))
    assert [await is_readable(stranger, name) for name in names] == [False, True, True, True, True, True]
