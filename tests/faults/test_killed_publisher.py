"""A program that writes is killed between its row, its event, its commit and its publishing."""

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from harness.clients import AgentClient, CustomerClient, expect
from harness.services import Product, make_environment
from tests.faults.conftest import Site
from tests.faults.ledgers import compare, messages_of, read_log
from tests.faults.publisher import POINTS, Orders
from tests.faults.publishing import running_publisher
from tests.faults.stream import StreamClient

CLIENTS = 20
ROUNDS = 9
EACH = 20  # messages in a round; the call of the last one is killed
WRITTEN = {"row": 0, "log": 0, "commit": 0, "committed": 1, "publish": 1, "published": 1}
CATCH_UP_SECONDS = 10.0


def stored_messages(database: Path, session_name: str) -> list[str]:
    """The client_ids of a session's messages in the database, in their order."""
    query = (
        "SELECT m.client_id FROM chatbot_message m JOIN chatbot_chatsession s ON s.id = m.session_id "
        "WHERE s.name = ? AND m.sender = 'customer' ORDER BY m.id"
    )
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        return [client_id for (client_id,) in connection.execute(query, [session_name])]


async def kill_publishers(product: Product, session_name: str, point: str, seed: int) -> tuple[list[str], list[str]]:
    """Let publishers write and die; return the marks of messages whose call returned, and of those it did not."""
    orders = Orders([], seed, point=point, rounds=ROUNDS, each=EACH, session_name=session_name)
    returned, tried = [], []
    async with running_publisher(orders, make_environment(product.database, product.valkey.url)) as publisher:
        async for line in publisher.told:
            told = json.loads(line)
            if "tried" in told:
                tried.append(told["tried"])
            else:
                returned.append(told["mark"])
    return returned, [mark for mark in tried if mark not in returned]


def open_customer(product: Product, alice: AgentClient) -> CustomerClient:
    """A customer whose session an agent has, so that no bot writes in it."""
    customer = CustomerClient(product.chatbot.url)
    customer.create_session()
    expect(202, customer.escalate())
    expect(200, alice.take_over(customer.session_name))
    return customer


@pytest.mark.parametrize("point", POINTS)
async def test_row_and_event_are_there_together_or_not_at_all(site: Site, point: str, seed: int) -> None:
    product, alice = site.visit("redis")
    with open_customer(product, alice) as customer:
        token = {"Authorization": f"Bearer {customer.token}"}
        url = f"{customer.url}{customer.path}/events"
        clients = [StreamClient(url, token, seed=seed + number) for number in range(CLIENTS)]
        await asyncio.gather(*(client.wait_open() for client in clients))
        returned, unanswered = await kill_publishers(product, customer.session_name, point, seed)
        assert len(unanswered) == ROUNDS or point == "published"  # by another thread: the call may have returned
        assert len(returned) + len(unanswered) == ROUNDS * EACH

        stored = stored_messages(product.database, customer.session_name)
        logged = read_log(product.database)
        channel = f"sse_session_{customer.session_name}"
        told = [message["client_id"] for message in messages_of(logged[channel]) if message["role"] == "customer"]
        assert told == stored
        assert Counter(stored) == Counter([*returned, *unanswered * WRITTEN[point]])

        last = max(logged[channel])
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while any(client.reached[channel] < last for client in clients):
                await asyncio.sleep(0.02)
        verdict = compare(logged, [], [], clients)
        await asyncio.gather(*(client.close() for client in clients))
        assert verdict.is_clean, verdict.examples[:20]
        assert verdict.resets == 0
        assert verdict.events >= 1_000

        for mark in unanswered:  # the client repeats what had no answer
            answer = customer.post(mark, client_id=mark)
            assert answer.status_code == (200 if WRITTEN[point] else 201)
