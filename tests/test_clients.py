"""Real clients of a stream: each receives, and after a restart of the server goes on from its position by itself."""

import contextlib
import json
import os
import threading
from pathlib import Path

import httpx
import pytest
from httpx_sse import connect_sse

from harness.clients import AgentClient, CustomerClient, expect
from harness.programs import ROOT, Program
from harness.services import Product
from harness.trust import trust
from tests.needs import lack, need
from tests.resuming import BACK_SECONDS, Received, check_client

NODE_PACKAGES = ROOT / "node_modules"
NODE_PROGRAM = """\
import { EventSource } from "eventsource";
const [url, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const source = new EventSource(url, {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
});
const print = ({ type, data }) => console.log(JSON.stringify([type, JSON.parse(data).payload.content ?? ""]));
for (const type of ["stream-open", "new_message", "reset"]) source.addEventListener(type, print);
"""


class HttpxSse:
    """httpx-sse, which leaves it to its caller to come back with the position."""

    def __init__(self, customer: CustomerClient) -> None:
        self._customer = customer
        self._received: Received = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_reading, daemon=True)
        self._thread.start()

    def received(self) -> Received:
        return list(self._received)

    def close(self) -> None:
        self._closing.set()
        self._thread.join(BACK_SECONDS)

    def _keep_reading(self) -> None:
        position = ""
        while not self._closing.wait(0.1):
            headers = {"Authorization": f"Bearer {self._customer.token}", "Last-Event-ID": position}
            with (
                contextlib.suppress(httpx.TransportError),
                httpx.Client(base_url=self._customer.url, headers=headers, timeout=2, verify=trust()) as http,
                connect_sse(http, "GET", f"{self._customer.path}/events") as source,
            ):
                for event in source.iter_sse():
                    position = event.id
                    self._received.append((event.event, event.json()["payload"].get("content", "")))


class Printing:
    """A program that prints a line of JSON for each event."""

    def __init__(self, program: Program) -> None:
        self.program = program
        program.launch()

    def received(self) -> Received:
        return [(type, content) for type, content in map(json.loads, self.program.output().splitlines())]


class Curl:
    """curl, started anew by its user with the last position that it printed."""

    def __init__(self, customer: CustomerClient, folder: Path) -> None:
        self._customer = customer
        self._folder = folder
        self._before: Received = []
        self._position = ""
        self.program = self._start()

    def received(self) -> Received:
        """What it has printed; one that ended is started again."""
        events, position = read_blocks(self.program.output())
        if self.program.is_alive():
            return self._before + events
        self.program.wait()
        self._before += events
        self._position = position or self._position
        self.program = self._start()
        return list(self._before)

    def _start(self) -> Program:
        url = f"{self._customer.url}{self._customer.path}/events"
        headers = [f"Authorization: Bearer {self._customer.token}", f"Last-Event-ID: {self._position}"]
        named = [part for header in headers for part in ("--header", header)]
        log = self._folder / "curl.txt"
        log.unlink(missing_ok=True)
        program = Program("curl", ["curl", "--no-buffer", "--silent", *named, url], log, {})
        program.launch()
        return program


def read_blocks(text: str) -> tuple[Received, str]:
    """The events of a stream's text, whole ones only, and its last position."""
    events, position = [], ""
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        position = fields.get("id", position)
        if "data" in fields:
            events.append((fields["event"], json.loads(fields["data"])["payload"].get("content", "")))
    return events, position


@pytest.fixture
def served(product: Product, customer: CustomerClient, alice: AgentClient) -> CustomerClient:
    """A customer whose conversation alice has, so that nobody else writes."""
    expect(202, customer.escalate())
    expect(200, alice.take_over(customer.session_name))
    return customer


def test_httpx_sse_resumes(product: Product, served: CustomerClient, alice: AgentClient) -> None:
    client = HttpxSse(served)
    try:
        check_client(client, product, served, alice)
    finally:
        client.close()


def test_curl_resumes(product: Product, served: CustomerClient, alice: AgentClient, tmp_path: Path) -> None:
    need("curl")
    client = Curl(served, tmp_path)
    try:
        check_client(client, product, served, alice)
    finally:
        client.program.kill()


@pytest.fixture
def node_program(tmp_path: Path) -> Path:
    """A program that uses node's `eventsource`."""
    need("npm")
    if not NODE_PACKAGES.is_dir():
        lack("node_modules is missing: make node")
    (tmp_path / "node_modules").symlink_to(NODE_PACKAGES)
    (tmp_path / "client.mjs").write_text(NODE_PROGRAM)
    return tmp_path / "client.mjs"


def test_node_eventsource_resumes(
    product: Product, served: CustomerClient, alice: AgentClient, node_program: Path
) -> None:
    url = f"{served.url}{served.path}/events"
    command = ["node", str(node_program), url, served.token]
    client = Printing(Program("node", command, node_program.parent / "node.txt", os.environ))
    try:
        check_client(client, product, served, alice)
    finally:
        client.program.kill()
