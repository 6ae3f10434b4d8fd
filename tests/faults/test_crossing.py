"""With Redis dead events still cross from service to service, within a second, through the log."""

import time

from harness.clients import CustomerClient, expect
from tests.faults.conftest import Site

LIMIT_SECONDS = 1.0
TIMES = 10


def test_transfer_request_crosses_within_a_second_without_redis(site: Site) -> None:
    product, alice = site.visit("redis")
    product.valkey.kill()
    with alice.open_stream() as stream:
        for _ in range(TIMES):
            with CustomerClient(product.chatbot.url) as customer:
                customer.create_session()
                started = time.monotonic()
                expect(202, customer.escalate())
                event = stream.wait_for_type("transfer_request", session_name=customer.session_name)
                assert event.at - started < LIMIT_SECONDS


def test_reply_crosses_within_a_second_without_redis(site: Site) -> None:
    product, alice = site.visit("redis")
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session()
        expect(202, customer.escalate())
        expect(200, alice.take_over(customer.session_name))
        product.valkey.kill()
        with customer.open_stream() as stream:
            for _ in range(TIMES):
                started = time.monotonic()
                reply = expect(201, alice.reply(customer.session_name, "Hello."))
                assert stream.wait_for_type("new_message", id=reply["id"]).at - started < LIMIT_SECONDS


def test_readyz_says_that_redis_is_away(site: Site) -> None:
    product, _ = site.visit("redis")
    product.valkey.kill()
    with CustomerClient(product.chatbot.url) as customer:
        answer = expect(200, customer.http.get("/readyz"))
    assert answer == {"database": "ok", "redis": "degraded"}
