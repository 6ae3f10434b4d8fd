"""Idempotency: many simultaneous posts of one client_id are one message and one answer."""

import asyncio

import httpx

from harness.clients import AgentClient, CustomerClient, cookies_of, expect
from harness.services import Product
from harness.trust import trust
from tests.faults.conftest import Site

POSTS = 100


async def post_at_once(url: str, headers: dict[str, str], path: str) -> list[httpx.Response]:
    """The answers to the same post, sent over as many connections as there are posts."""
    limits = httpx.Limits(max_connections=POSTS, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=30, verify=trust()) as http:
        body = {"content": "once", "client_id": "the-same"}
        return await asyncio.gather(*(http.post(f"{path}/messages", json=body) for _ in range(POSTS)))


def check_one_message(answers: list[httpx.Response], messages: list[dict[str, object]]) -> None:
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * (POSTS - 1) + [201]
    assert len({answer.text for answer in answers}) == 1
    assert [message for message in messages if message["client_id"] == "the-same"] == [answers[0].json()]


def hand_over(product: Product, alice: AgentClient) -> CustomerClient:
    customer = CustomerClient(product.chatbot.url)
    customer.create_session()
    expect(202, customer.escalate())
    expect(200, alice.take_over(customer.session_name))
    return customer


async def test_hundred_simultaneous_posts_of_a_customer_make_one_message(site: Site) -> None:
    product, alice = site.visit("redis")
    with hand_over(product, alice) as customer:
        token = {"Authorization": f"Bearer {customer.token}"}
        check_one_message(await post_at_once(customer.url, token, customer.path), customer.fetch()["messages"])


async def test_hundred_simultaneous_replies_of_an_agent_make_one_message(site: Site) -> None:
    product, alice = site.visit("redis")
    with hand_over(product, alice) as customer:
        headers = {**cookies_of(alice.http), "X-CSRFToken": alice.http.cookies["csrftoken"]}
        answers = await post_at_once(alice.url, headers, customer.path)
        check_one_message(answers, customer.fetch()["messages"])
