"""SIGTERM while requests wait for the database: each is answered before the process leaves."""

import asyncio
import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx

from harness.clients import CustomerClient
from harness.programs import HOST
from harness.services import Service
from harness.trust import trust
from tests.faults.causes import aside
from tests.faults.conftest import Site
from tests.faults.stream import read_status

REQUESTS = 10
LEAVES_WITHIN_SECONDS = 10.0


@contextmanager
def write_lock(database: Path) -> Iterator[None]:
    """Hold SQLite's write lock."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def send_post(
    customer: CustomerClient, port: int, mark: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Write a post to a connection of its own; the answer is still to be read."""
    reader, writer = await asyncio.open_connection(HOST, port)
    body = json.dumps({"content": mark, "client_id": mark}).encode()
    head = [
        f"POST {customer.path}/messages HTTP/1.1",
        f"Host: {HOST}",
        f"Authorization: Bearer {customer.token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    await writer.drain()
    return reader, writer


async def until_read(service: Service) -> None:
    """Return when the server has read what was written to it before."""
    async with httpx.AsyncClient(base_url=service.url, verify=trust()) as http:
        for _ in range(2):  # a turn of its loop each
            assert (await http.get("/healthz")).status_code == 200


async def until_closed(service: Service) -> None:
    """Return when the service takes no more connections."""
    async with asyncio.timeout(LEAVES_WITHIN_SECONDS):
        with suppress(ConnectionRefusedError):
            while True:
                socket.create_connection((HOST, service.port), timeout=1).close()
                await asyncio.sleep(0.01)


async def test_requests_in_flight_are_answered(site: Site) -> None:
    product, _ = site.visit("redis")
    service = product.chatbot
    with CustomerClient(service.url) as customer:
        customer.create_session()
        with write_lock(product.database):
            sent = [await send_post(customer, service.port, f"in-flight-{number}") for number in range(REQUESTS)]
            await until_read(service)
            leaving = asyncio.create_task(aside(service.terminate))
            await until_closed(service)
        statuses = [await read_status(reader) for reader, _ in sent]
        for _, writer in sent:
            writer.close()
        async with asyncio.timeout(LEAVES_WITHIN_SECONDS):
            code = await leaving
        assert statuses == [201] * REQUESTS
        assert code == 0
        await aside(service.start)
        written = [message["content"] for message in customer.fetch()["messages"] if message["role"] == "customer"]
        assert sorted(written) == sorted(f"in-flight-{number}" for number in range(REQUESTS))
