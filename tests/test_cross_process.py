"""The main job across real processes: two services, a Valkey, and clients that see only HTTP, SSE and Redis."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from redis.client import PubSub

from harness.clients import AgentClient, CustomerClient, Received, cookies_of, expect
from harness.services import Product, Service
from tests.needs import need

TRANSFER_LIMIT_SECONDS = 1.0
SESSIONS = 20
STREAMS_PER_SESSION = 50
OPEN_SECONDS = 60.0


def is_from_bot(event: Received) -> bool:
    return event.type == "new_message" and event.payload.get("role") == "bot"


def is_answer(event: Received) -> bool:
    """Not what the bot says when it has the conversation again."""
    return is_from_bot(event) and str(event.payload["client_id"]).startswith("bot-")


def hand_over(customer: CustomerClient, agent: AgentClient) -> None:
    """Bring the customer's session from the bot to the agent."""
    expect(202, customer.escalate())
    expect(200, agent.take_over(customer.session_name))


@pytest.fixture
def subscriber(product: Product, customer: CustomerClient) -> Iterator[PubSub]:
    """A plain Redis client that listens to the customer's channel."""
    with redis.Redis.from_url(product.valkey.url) as client, client.pubsub() as listener:
        listener.subscribe(f"sse:session:{customer.session_name}")
        message = listener.get_message(timeout=5)
        assert message is not None
        assert message["type"] == "subscribe"
        yield listener


def read_wire(listener: PubSub, count: int, within: float = 5.0) -> list[bytes]:
    """The next `count` messages of a Redis channel, as bytes."""
    deadline = time.monotonic() + within
    found: list[bytes] = []
    while len(found) < count:
        message = listener.get_message(timeout=max(0.0, deadline - time.monotonic()))
        assert message is not None, f"{len(found)} of {count} messages within {within:g} s: {found}"
        found.append(message["data"])
    return found


# The main job


def test_bot_answers_over_the_stream(customer: CustomerClient) -> None:
    with customer.open_stream() as stream:
        question = expect(201, customer.post("What are your opening hours?"))
        answer = stream.wait_for(is_from_bot)
        assert stream.wait_for_type("new_message").payload == question
        assert answer.envelope["source"] == "ai_chatbot"


def test_transfer_request_reaches_every_agent_within_a_second(
    customer: CustomerClient, alice: AgentClient, bob: AgentClient
) -> None:
    with alice.open_stream() as one, bob.open_stream() as other:
        started = time.monotonic()
        expect(202, customer.escalate(reason="I want a refund"))
        requests = [
            stream.wait_for_type("transfer_request", session_name=customer.session_name) for stream in (one, other)
        ]
        slowest = max(request.at for request in requests) - started
    assert slowest < TRANSFER_LIMIT_SECONDS


def test_reply_reaches_the_customer(customer: CustomerClient, alice: AgentClient) -> None:
    with customer.open_stream() as stream:
        hand_over(customer, alice)
        reply = expect(201, alice.reply(customer.session_name, "Hello, Alice here."))
        received = stream.wait_for_type("new_message", id=reply["id"])
        assert received.payload == reply
        assert received.envelope["source"] == "agent_workbench"


def test_customer_message_reaches_its_agent(customer: CustomerClient, alice: AgentClient) -> None:
    hand_over(customer, alice)
    with alice.open_stream() as stream:
        message = expect(201, customer.post("Are you there?"))
        assert stream.wait_for_type("new_message", id=message["id"]).payload == message


def test_bot_answers_again_after_release(customer: CustomerClient, alice: AgentClient) -> None:
    hand_over(customer, alice)
    expect(200, alice.release(customer.session_name))
    with customer.open_stream() as stream:
        expect(201, customer.post("How do I return an item?"))
        stream.wait_for(is_answer)


def test_bot_is_silent_while_an_agent_has_the_session(customer: CustomerClient, alice: AgentClient) -> None:
    hand_over(customer, alice)
    with customer.open_stream() as stream:
        expect(201, customer.post("What are your opening hours?"))
        expect(200, alice.release(customer.session_name))
        expect(201, customer.post("How do I return an item?"))
        second = stream.wait_for(is_answer)  # the bot's turns of a session come in order
        assert [event for event in stream.received() if is_answer(event)] == [second]


# On the wire


def test_redis_carries_the_envelopes_and_nothing_else(customer: CustomerClient, subscriber: PubSub) -> None:
    with customer.open_stream() as stream:
        expect(201, customer.post("What are your opening hours?"))
        stream.wait_for(is_from_bot)
        shown = stream.received("new_message")
        wire = [data for data in read_wire(subscriber, len(shown)) if b'"id":' in data]
    assert wire == [event.data.encode() for event in shown]


def test_envelope_has_the_fields_of_the_contract(customer: CustomerClient, subscriber: PubSub) -> None:
    message = expect(201, customer.post("你好"))
    envelope = json.loads(read_wire(subscriber, 1)[0])
    assert time.time() - envelope.pop("timestamp") < 10
    assert envelope.pop("id") > 0
    assert envelope == {"type": "new_message", "payload": message, "source": "ai_chatbot"}


def test_redis_cli_publish_reaches_the_open_stream(product: Product, customer: CustomerClient) -> None:
    foreign = {
        "type": "new_message",
        "payload": {"content": "from far away"},
        "timestamp": 1703246400,
        "source": "system",
    }
    need("redis-cli")
    with customer.open_stream() as stream:
        channel = f"sse:session:{customer.session_name}"
        command = ["redis-cli", "-u", product.valkey.url, "PUBLISH", channel, json.dumps(foreign)]
        subprocess.run(command, check=True, capture_output=True, timeout=10)
        assert stream.wait_for_type("new_message").envelope == foreign


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\xff\xfe",
        b"no JSON",
        b"[]",
        b"42",
        b'{"type":"new_message"}',
        b'{"type":"new_message","payload":"text"}',
        b'{"type":"Not-Snake","payload":{}}',
        b'{"type":"reset","payload":{}}',
        b'{"type":"new_message","payload":{},"id":-1}',
        b'{"type":"new_message","payload":{},"id":"7"}',
        b"[" * 100_000,
    ],
)
def test_garbage_on_redis_is_dropped(product: Product, customer: CustomerClient, garbage: bytes) -> None:
    channel = f"sse:session:{customer.session_name}"
    with customer.open_stream() as stream, redis.Redis.from_url(product.valkey.url) as client:
        client.publish(channel, garbage)
        client.publish(channel, b'{"type":"marker","payload":{},"timestamp":1,"source":"system"}')
        stream.wait_for_type("marker")
        assert [event.type for event in stream.received()] == ["stream-open", "marker"]


def test_forged_id_hides_no_event(product: Product, customer: CustomerClient) -> None:
    channel = f"sse:session:{customer.session_name}"
    with customer.open_stream() as stream, redis.Redis.from_url(product.valkey.url) as client:
        client.publish(channel, b'{"type":"forged","payload":{},"timestamp":1,"source":"system","id":1}')
        expect(201, customer.post("Is anyone there?"))
        # Either the real event comes although its number was used, or the stream says that it no longer knows.
        stream.wait_for(lambda event: event.type == "reset" or event.payload.get("content") == "Is anyone there?")


# Restarts


def restart(service: Service, how: str) -> None:
    if how == "SIGTERM":
        service.terminate()
    else:
        service.kill()


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_restarted_chatbot_loses_no_reply(
    product: Product, customer: CustomerClient, alice: AgentClient, how: str
) -> None:
    hand_over(customer, alice)
    with customer.open_stream() as stream:
        replies = [f"reply {number}" for number in range(20)]
        for reply in replies[:10]:
            expect(201, alice.reply(customer.session_name, reply))
        restart(product.chatbot, how)
        for reply in replies[10:]:
            expect(201, alice.reply(customer.session_name, reply))
        product.chatbot.start()
        stream.wait_for_type("new_message", within=15, content=replies[-1])
        assert [content for content in stream.contents() if content in replies] == replies


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_restarted_workbench_loses_no_transfer_request(product: Product, alice: AgentClient, how: str) -> None:
    with ExitStack() as stack:
        stream = stack.enter_context(alice.open_stream())
        customers = [stack.enter_context(CustomerClient(product.chatbot.url)) for _ in range(6)]
        names = [str(customer.create_session()["session_name"]) for customer in customers]
        for customer in customers[:3]:
            expect(202, customer.escalate())
        restart(product.workbench, how)
        for customer in customers[3:]:
            expect(202, customer.escalate())
        product.workbench.start()
        stream.wait_for_type("transfer_request", within=15, session_name=names[-1])
        shown = [event.payload["session_name"] for event in stream.received("transfer_request")]
        assert [name for name in shown if name in names] == names


def test_restarted_workbench_leaves_the_chatbots_streams_open(product: Product, customer: CustomerClient) -> None:
    with customer.open_stream() as stream:
        product.workbench.terminate()
        expect(201, customer.post("What are your opening hours?"))
        stream.wait_for(is_from_bot)
        product.workbench.start()
        assert len(stream.received("stream-open")) == 1


def test_page_that_opens_from_a_fetched_position_misses_nothing(customer: CustomerClient, alice: AgentClient) -> None:
    hand_over(customer, alice)
    position = customer.fetch()["position"]
    reply = expect(201, alice.reply(customer.session_name, "between the fetch and the stream"))
    with customer.open_stream(position) as stream:
        stream.wait_for_type("new_message", id=reply["id"])
        assert stream.contents() == ["between the fetch and the stream"]


# Many streams


def count_threads(service: Service) -> int:
    return len(list(Path(f"/proc/{service.pid}/task").iterdir()))


def count_database_files(product: Product, service: Service) -> int:
    """The open files of the database, its journal and shared memory: about three for each connection."""
    links = Path(f"/proc/{service.pid}/fd").iterdir()
    return sum(str(link.resolve(strict=False)).startswith(str(product.database)) for link in links if link.is_symlink())


async def open_streams(product: Product, customers: list[CustomerClient], each: int) -> list[asyncio.StreamWriter]:
    """Open `each` streams for every customer and return once all have sent `stream-open`."""
    address = urlsplit(product.chatbot.url)

    async def open_one(customer: CustomerClient) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        lines = [
            f"GET {customer.path}/events HTTP/1.1",
            f"Host: {address.netloc}",
            f"Cookie: {cookies_of(customer.http)['Cookie']}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await reader.readuntil(b"event: stream-open")
        return writer

    async with asyncio.timeout(OPEN_SECONDS):
        return await asyncio.gather(*(open_one(customer) for customer in customers for _ in range(each)))


async def test_thousand_streams_cost_no_thread_and_no_connection(product: Product) -> None:
    with ExitStack() as stack:
        customers = [stack.enter_context(CustomerClient(product.chatbot.url)) for _ in range(SESSIONS)]
        for customer in customers:
            customer.create_session()
            customer.fetch()
        writers = await open_streams(product, customers, 1)
        threads, files = count_threads(product.chatbot), count_database_files(product, product.chatbot)
        writers += await open_streams(product, customers, STREAMS_PER_SESSION)
        assert len(writers) > 1000
        assert files > 0
        assert count_threads(product.chatbot) <= threads
        assert count_database_files(product, product.chatbot) <= files
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
