"""Files while the services that take them are killed: what was accepted is there, whole, and in one message."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from harness.clients import AgentClient, CustomerClient, expect
from harness.files import files_in
from harness.programs import wait_until
from harness.services import Product, make_environment, run_command
from tests.faults.conftest import Site
from tests.faults.ledgers import AcceptedPost, compare, read_log

TURNS = 3
FILE_LINES = 4_000
WITHIN_SECONDS = 60.0
RETRY_SECONDS = 0.1


def until_accepted(call: Callable[[], httpx.Response]) -> httpx.Response:
    """Call until there is an answer, and it is not that the service is busy."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = call()
        except httpx.TransportError:
            pass
        else:
            if answer.status_code != 503:
                assert answer.is_success, answer.text
                return answer
        time.sleep(RETRY_SECONDS)
    raise AssertionError("nothing was accepted in time")


@dataclass
class Sender:
    """One side of a conversation, who sends messages with two files each, and one file that no message takes."""

    name: str
    session_name: str
    upload: Callable[[str, bytes], httpx.Response]
    post: Callable[[str, str, list[str]], httpx.Response]
    kept: dict[str, bytes] = field(default_factory=dict)  # accepted files
    posts: list[AcceptedPost] = field(default_factory=list)
    is_uploading: bool = False

    def send(self) -> None:
        for turn in range(TURNS):
            ids = [self._upload(f"{turn}-{file}") for file in "ab"]
            mark = f"{self.name}-{turn}"
            said = until_accepted(partial(self.post, mark, mark, ids)).json()
            self.posts.append(AcceptedPost(self.session_name, self.name, turn, said["id"], mark, tuple(ids)))
        self._upload("left")

    def _upload(self, mark: str) -> str:
        content = f"{self.name} {mark}\n".encode() * FILE_LINES
        self.is_uploading = True
        pk: str = until_accepted(partial(self.upload, f"{mark}.txt", content)).json()["id"]
        self.is_uploading = False
        self.kept[pk] = content
        return pk


def as_customer(customer: CustomerClient) -> Sender:
    def post(content: str, client_id: str, ids: list[str]) -> httpx.Response:
        return customer.post(content, client_id, attachments=ids)

    return Sender("customer", customer.session_name, customer.upload, post)


def as_agent(alice: AgentClient, session_name: str) -> Sender:
    def upload(name: str, content: bytes) -> httpx.Response:
        return alice.upload(session_name, name, content)

    def post(content: str, client_id: str, ids: list[str]) -> httpx.Response:
        return alice.reply(session_name, content, client_id, attachments=ids)

    return Sender("agent", session_name, upload, post)


def rows_of(database: Path, condition: str = "TRUE") -> set[str]:
    """The ids of the files that the database knows."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        return {pk for (pk,) in connection.execute(f"SELECT id FROM chatbot_attachment WHERE {condition}")}


def kill_in_the_middle(product: Product, senders: list[Sender]) -> None:
    """Kill both services while one has sent a message with files and sends another file."""

    def is_in_the_middle() -> bool:
        return any(sender.posts and sender.is_uploading for sender in senders)

    wait_until("a file is on its way", is_in_the_middle, within=WITHIN_SECONDS)
    for service in product.services:
        service.kill()
    product.start_missing()


def prune_two_days_later(product: Product) -> None:
    with closing(sqlite3.connect(product.database, timeout=30)) as connection, connection:
        connection.execute("UPDATE chatbot_attachment SET created_at = datetime(created_at, '-2 days')")
    run_command("prune_attachments", environment=make_environment(product.database, product.valkey.url))


def check_kept(http: httpx.Client, kept: dict[str, bytes]) -> None:
    for pk, content in kept.items():
        answer = until_accepted(partial(http.get, f"/api/attachments/{pk}"))
        assert (answer.status_code, answer.content == content) == (200, True)


def test_accepted_files_survive_a_kill_and_the_others_are_deleted(site: Site) -> None:
    product, alice = site.visit("redis")
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session()
        expect(202, customer.escalate())
        expect(200, alice.take_over(customer.session_name))
        senders = [as_customer(customer), as_agent(alice, customer.session_name)]
        threads = [threading.Thread(target=sender.send, daemon=True) for sender in senders]
        for thread in threads:
            thread.start()
        kill_in_the_middle(product, senders)
        for thread in threads:
            thread.join(WITHIN_SECONDS)
        posts = [post for sender in senders for post in sender.posts]
        assert len(posts) == TURNS * len(senders)
        verdict = compare(read_log(product.database), posts, [], [])
        assert verdict.is_clean, verdict.examples
        for sender, http in zip(senders, (customer.http, alice.http), strict=True):
            check_kept(http, sender.kept)

        prune_two_days_later(product)
        taken = {pk: content for sender in senders for pk, content in sender.kept.items() if pk in claimed(posts)}
        for http in (customer.http, alice.http):
            check_kept(http, taken)
        assert rows_of(product.database, "message_id IS NULL") == set()
        stored = {path.name for path in files_in(product.folder / "attachments")}
        assert stored == rows_of(product.database) == set(taken)


def claimed(posts: list[AcceptedPost]) -> set[str]:
    return {pk for post in posts for pk in post.attachments}
