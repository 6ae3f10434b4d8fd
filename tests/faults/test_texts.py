"""Every text arrives byte for byte; what cannot be stored is refused before anything is written."""

import json
from collections.abc import Iterator

import httpx
import pytest

from harness.clients import AgentClient, CustomerClient, expect
from harness.trust import trust
from tests.faults.conftest import Site

TEXTS = {
    "CR": "one\rtwo",
    "LF": "one\ntwo\n\nthree",
    "CRLF": "one\r\ntwo\r\n\r\nthree",
    "SSE": "data: forged\n\nevent: reset\nid: 1\n\n",
    "line separators": "one\u2028two\u2029three\x85four\x0bfive\x0csix",
    "BOM": "\ufefftext\ufeff",
    "emoji": "👩‍👩‍👧‍👦🇨🇳🤷🏽‍♀️",
    "four bytes": "𠀀𝒳🂡\U0010ffff",
    "controls": "\x01\x02\x1b[31m\x7f\t",
    "directions": "\u202eabc\u202c\u200f",
    "combining": "e\u0301 vs é \u0340",
    "markup": "<script>alert(1)</script>&amp;\"'\\u0041\\",
}
REFUSED = {"NUL": r'"a\u0000b"', "high surrogate": r'"a\ud800b"', "low surrogate": r'"a\udc00b"'}


@pytest.fixture
def pair(site: Site) -> Iterator[tuple[CustomerClient, AgentClient]]:
    """A customer, and an agent who has the conversation."""
    product, alice = site.visit("redis")
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session()
        expect(202, customer.escalate())
        expect(200, alice.take_over(customer.session_name))
        yield customer, alice


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_of_a_customer_arrives_byte_for_byte(pair: tuple[CustomerClient, AgentClient], text: str) -> None:
    customer, alice = pair
    with alice.open_stream() as agents, customer.open_stream() as customers:
        message = expect(201, customer.post(text, client_id=text[:64]))
        for stream in (agents, customers):
            payload = stream.wait_for_type("new_message", id=message["id"]).payload
            assert (payload["content"], payload["client_id"]) == (text, text[:64])
    assert alice.fetch(customer.session_name)["messages"][-1]["content"] == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_of_an_agent_arrives_byte_for_byte(pair: tuple[CustomerClient, AgentClient], text: str) -> None:
    customer, alice = pair
    with customer.open_stream() as stream:
        message = expect(201, alice.reply(customer.session_name, text))
        assert stream.wait_for_type("new_message", id=message["id"]).payload["content"] == text
    assert customer.fetch()["messages"][-1]["content"] == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_reason_and_name_arrive_byte_for_byte(site: Site, text: str) -> None:
    product, alice = site.visit("redis")
    with CustomerClient(product.chatbot.url) as customer, alice.open_stream() as stream:
        name = customer.create_session(customer={"name": text, "email": text})["session_name"]
        expect(202, customer.escalate(reason=text))
        assert stream.wait_for_type("transfer_request", session_name=name).payload["reason"] == text
        [waiting] = [item for item in alice.fetch_queue()["items"] if item["session_name"] == name]
        assert (waiting["reason"], waiting["customer"]) == (text, {"name": text, "email": text})


def post_raw(http: httpx.Client, path: str, body: str, headers: dict[str, str]) -> httpx.Response:
    return http.post(path, content=body.encode(), headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize("literal", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("field", ["content", "client_id"])
def test_unstorable_message_is_refused(pair: tuple[CustomerClient, AgentClient], field: str, literal: str) -> None:
    customer, alice = pair
    before = customer.fetch()
    fields = {"content": '"text"', "client_id": '"key"', field: literal}
    body = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}"
    csrf = {"X-CSRFToken": alice.http.cookies["csrftoken"]}
    assert post_raw(customer.http, f"{customer.path}/messages", body, {}).status_code == 400
    assert post_raw(alice.http, f"{customer.path}/messages", body, csrf).status_code == 400
    assert customer.fetch() == before


@pytest.mark.parametrize("literal", REFUSED.values(), ids=REFUSED.keys())
def test_unstorable_reason_is_refused(site: Site, literal: str) -> None:
    product, _ = site.visit("redis")
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session()
        before = customer.fetch()
        assert post_raw(customer.http, f"{customer.path}/escalate", f'{{"reason":{literal}}}', {}).status_code == 400
        assert customer.fetch() == before


@pytest.mark.parametrize("literal", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("field", ["name", "email"])
def test_unstorable_customer_is_refused(site: Site, field: str, literal: str) -> None:
    product, _ = site.visit("redis")
    with httpx.Client(base_url=product.chatbot.url, timeout=10, verify=trust()) as http:
        body = f'{{"customer":{{"{field}":{literal}}}}}'
        assert post_raw(http, "/api/sessions", body, {}).status_code == 400
