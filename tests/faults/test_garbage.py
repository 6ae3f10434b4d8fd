"""What makes no sense: 10,000 requests, of which none is answered 5xx, and messages on Redis, which are dropped."""

import asyncio
import random
from contextlib import suppress

import httpx
import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from chatbot.conversations.events import EVENT_TYPES
from harness.clients import CustomerClient, expect
from harness.programs import HOST
from harness.services import Service
from harness.trust import trust
from tests.faults.conftest import Site
from tests.faults.garbage import describe, make_message, make_request

REQUESTS = 5_000  # to each service
AT_ONCE = 16
ANSWER_SECONDS = 20.0
MESSAGES = 1_500
MAX_LOG_LINES = 3


async def ask(port: int, request: bytes) -> int | None:
    """The status of the answer; None if the server closes the connection without one."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        with suppress(OSError):  # answered and closed before all of it was sent
            writer.write(request)
            writer.write_eof()  # what is shorter than it says must not be waited for
        with suppress(ConnectionError):
            async with asyncio.timeout(ANSWER_SECONDS):
                line = await reader.readline()
            return int(line.split()[1]) if line.startswith(b"HTTP/") else None
        return None
    finally:
        writer.transport.abort()


async def send_garbage(port: int, seed: int) -> dict[int | None, list[bytes]]:
    """What was answered how."""
    answers: dict[int | None, list[bytes]] = {}
    requests = iter([make_request(random.Random(seed * REQUESTS + number)) for number in range(REQUESTS)])

    async def work() -> None:
        for request in requests:
            try:
                status = await ask(port, request)
            except TimeoutError:
                raise AssertionError(f"no answer to {describe(request)}") from None
            answers.setdefault(status, []).append(request)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return answers


@pytest.mark.parametrize("name", ["chatbot", "workbench"])
async def test_garbage_is_no_fault_of_the_server(site: Site, name: str, seed: int) -> None:
    product, alice = site.visit("redis")
    service: Service = getattr(product, name)
    pid = service.pid
    answers = await send_garbage(service.port, seed)
    faults = [(status, describe(request)) for status in answers for request in answers[status] if (status or 0) >= 500]
    assert not faults, faults[:10]
    assert sum(map(len, answers.values())) == REQUESTS
    assert {200, 400, 404, 405} <= set(answers)  # it was not refused at the door
    assert service.pid == pid
    assert service.is_alive()
    with CustomerClient(product.chatbot.url) as customer, alice.open_stream() as stream:
        customer.create_session()
        expect(202, customer.escalate())
        stream.wait_for_type("transfer_request", session_name=customer.session_name)


def dropped_by(service: Service) -> float:
    """How many messages a service has dropped as malformed."""
    families = text_string_to_metric_families(httpx.get(f"{service.url}/metrics", verify=trust()).text)
    samples = [sample for family in families for sample in family.samples if sample.labels == {"reason": "malformed"}]
    return sum(sample.value for sample in samples if sample.name == "sse_events_dropped_total")


def test_garbage_on_redis_is_counted_and_logged_once(site: Site, seed: int) -> None:
    product, alice = site.visit("redis")
    chance = random.Random(seed)
    service = product.workbench
    with alice.open_stream() as stream, redis.Redis.from_url(product.valkey.url) as client:
        lines, dropped = len(service.output().splitlines()), dropped_by(service)
        for _ in range(MESSAGES):
            client.publish("sse:broadcast", make_message(chance))
        client.publish("sse:broadcast", '{"type":"tick","payload":{}}')
        stream.wait_for_type("tick", within=20)
        # What earlier tests left behind is told, too: who came, who went.
        assert {event.type for event in stream.received()} - set(EVENT_TYPES) == {"stream-open", "tick"}
    assert dropped_by(service) - dropped == MESSAGES
    assert len(service.output().splitlines()) - lines <= MAX_LOG_LINES
