"""A session belongs to the browser that created it."""

import json
from typing import Any

import pytest
from django.test import AsyncClient

from chatbot.customers.access import BROWSER_COOKIE
from chatbot.models import ChatSession
from chatbot.tests.customer import Customer, error_code
from realtime.database import in_database


async def test_a_new_session_is_with_the_bot(customer: Customer) -> None:
    response = await customer.post("/api/sessions", {})
    content = json.loads(response.content)
    assert response.status_code == 201
    assert content["status"] == "bot_active"
    assert set(content) == {"session_name", "token", "status"}


async def test_the_customers_name_and_email_are_kept(customer: Customer) -> None:
    name = await customer.start(customer={"name": "Zoë", "email": "zoe@example.org"})
    session = await in_database(ChatSession.objects.get, name=name)
    assert (session.customer_name, session.customer_email) == ("Zoë", "zoe@example.org")


async def test_the_session_speaks_the_browsers_language(customer: Customer) -> None:
    response = await customer.post("/api/sessions", {}, **{"Accept-Language": "zh-CN,zh;q=0.9"})
    session = await in_database(ChatSession.objects.get, name=json.loads(response.content)["session_name"])
    assert session.language == "zh-hans"


async def test_the_cookie_is_kept_from_scripts_and_other_sites(customer: Customer) -> None:
    response = await customer.post("/api/sessions", {})
    cookie = response.cookies[BROWSER_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] > 300 * 24 * 3600


@pytest.fixture
def https(settings: Any) -> None:
    settings.HTTPS = True
    settings.HOST_PREFIX = "__Host-"


@pytest.mark.usefixtures("https")
async def test_the_cookie_under_https_is_of_this_host_alone(customer: Customer) -> None:
    response = await customer.post("/api/sessions", {})
    cookie = response.cookies["__Host-chat_browser"]
    assert (bool(cookie["secure"]), cookie["path"], cookie["domain"]) == (True, "/", "")
    assert list(response.cookies) == ["__Host-chat_browser"]


async def test_a_cookie_from_before_https_opens_its_sessions(customer: Customer, settings: Any) -> None:
    name = await customer.start()
    settings.HTTPS, settings.HOST_PREFIX = True, "__Host-"
    path = f"/api/sessions/{name}"
    assert (await customer.get(path)).status_code == 200
    later = await customer.start()
    await customer.say(name, "still here")
    await customer.say(later, "here, too")
    del customer.client.cookies["__Host-chat_browser"]
    assert (await customer.get(path)).status_code == 200


async def test_a_cookie_of_the_plain_name_gets_no_new_sessions_under_https(
    customer: Customer, stranger: Customer, settings: Any
) -> None:
    """A neighbouring host may have planted one of its own."""
    await stranger.start()
    settings.HTTPS, settings.HOST_PREFIX = True, "__Host-"
    customer.client.cookies["chat_browser"] = stranger.client.cookies["chat_browser"].value
    name = await customer.start()
    assert (await stranger.get(f"/api/sessions/{name}")).status_code == 404


async def test_without_https_the_name_of_https_opens_nothing(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    stranger.client.cookies["__Host-chat_browser"] = customer.client.cookies["chat_browser"].value
    assert (await stranger.get(f"/api/sessions/{name}")).status_code == 404


async def test_a_second_session_belongs_to_the_same_browser(customer: Customer) -> None:
    first = await customer.start()
    second = await customer.start()
    for name in (first, second):
        assert (await customer.get(f"/api/sessions/{name}")).status_code == 200


async def test_a_forged_cookie_is_replaced(customer: Customer) -> None:
    customer.client.cookies[BROWSER_COOKIE] = "forged:signature"
    name = await customer.start()
    assert (await customer.get(f"/api/sessions/{name}")).status_code == 200


async def test_a_token_opens_its_session_without_the_cookie(customer: Customer, stranger: Customer) -> None:
    started = json.loads((await customer.post("/api/sessions", {})).content)
    path = f"/api/sessions/{started['session_name']}"
    response = await stranger.get(path, Authorization=f"Bearer {started['token']}")
    assert response.status_code == 200


async def test_a_token_does_not_open_another_session(customer: Customer, stranger: Customer) -> None:
    token = json.loads((await customer.post("/api/sessions", {})).content)["token"]
    other = await customer.start()
    response = await stranger.get(f"/api/sessions/{other}", Authorization=f"Bearer {token}")
    assert error_code(response) == "NOT_FOUND"


async def test_the_database_holds_neither_key_nor_token(customer: Customer) -> None:
    token = json.loads((await customer.post("/api/sessions", {})).content)["token"]
    key = customer.client.cookies[BROWSER_COOKIE].value.partition(":")[0]
    row = str(await in_database(ChatSession.objects.values().get))
    assert token not in row
    assert key not in row


async def test_someone_elses_session_looks_like_none(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    await stranger.start()
    theirs = await stranger.get(f"/api/sessions/{name}")
    nobodys = await stranger.get("/api/sessions/s-none")
    assert (theirs.status_code, theirs.content) == (404, nobodys.content)


async def test_state_of_a_fresh_session(customer: Customer) -> None:
    name = await customer.start()
    state = json.loads((await customer.get(f"/api/sessions/{name}")).content)
    assert state == {
        "session_name": name,
        "status": "bot_active",
        "version": 1,
        "agent": None,
        "messages": [],
        "more": False,
        "queue_position": None,
        "queue": None,
        "receipts": {"customer": {"delivered": None, "seen": None}, "agent": {"delivered": None, "seen": None}},
        "customer": {"name": "", "email": ""},
        "ratable": False,
        "answering": None,
        "position": f"sse_session_{name}:0",
    }


async def test_the_position_covers_what_the_state_shows(customer: Customer) -> None:
    name = await customer.start()
    await customer.say(name, "hello")
    state = json.loads((await customer.get(f"/api/sessions/{name}")).content)
    assert state["position"] == f"sse_session_{name}:1"


async def test_state_is_not_cached(customer: Customer) -> None:
    name = await customer.start()
    assert (await customer.get(f"/api/sessions/{name}"))["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["before=0", "before=-1", "before=x", f"before={2**63}", "limit=0", "limit=101"])
async def test_a_bad_page_is_refused(customer: Customer, query: str) -> None:
    name = await customer.start()
    response = await customer.get(f"/api/sessions/{name}?{query}")
    assert (response.status_code, error_code(response)) == (400, "INVALID_QUERY")


async def test_pages_go_back_through_all_messages(customer: Customer) -> None:
    name = await customer.start()
    ids = [(await customer.say(name, f"m{n}", client_id=f"c-{n}"))["id"] for n in range(5)]
    last = json.loads((await customer.get(f"/api/sessions/{name}?limit=2")).content)
    middle = json.loads((await customer.get(f"/api/sessions/{name}?limit=2&before={ids[3]}")).content)
    first = json.loads((await customer.get(f"/api/sessions/{name}?limit=2&before={ids[1]}")).content)
    assert [[m["id"] for m in page["messages"]] for page in (first, middle, last)] == [ids[:1], ids[1:3], ids[3:]]
    assert [page["more"] for page in (first, middle, last)] == [False, True, True]


async def test_a_plain_client_without_body_may_start_a_session(transactional_db: None) -> None:
    response = await AsyncClient().generic("POST", "/api/sessions", content_type="")
    assert response.status_code == 201
