"""Two processes of each service behind nginx, over PostgreSQL and two Redis shards; parts are killed under load."""

import contextlib
import os
import secrets
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from harness.clients import CustomerClient, Stream, expect
from harness.programs import HOST, ROOT, wait_until
from harness.sideways import FORWARDED, BrowserAgent, Nginx, Site, Worker, run_site, trusting
from tests.needs import need

LIVE_SESSIONS = 4
BOT_SESSIONS = 2
PAUSE_SECONDS = 0.02
ACCEPT_SECONDS = 20.0
# The lease of a bot's turn is 10 s: an answer that a killed process owed comes after that.
CATCH_UP_SECONDS = 25.0
MESSAGES_BETWEEN_FAULTS = 100
PROMISES_SECONDS = 450.0
FREED_SECONDS = 25.0  # of which the server waits 5 before it ends the transaction of a process that was stopped
POSTS_MEANWHILE = 10
DATABASE_PROMISES = [
    "tests/database_promises.py",
    *(f"realtime/tests/{name}.py" for name in ("numbering_promises", "test_contract", "test_log", "test_retention")),
]


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    need("curl", "initdb", "nginx", "openssl", "setpriv")
    with run_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(shared_site: Site) -> Site:
    """All of it, up. A test may kill any part; the next test gets it running again."""
    shared_site.start_missing()
    return shared_site


@pytest.fixture
def customer(site: Site) -> Iterator[CustomerClient]:
    with CustomerClient(site.nginx.url("chatbot")) as client:
        client.create_session()
        yield client


@pytest.fixture
def agent(site: Site) -> Iterator[BrowserAgent]:
    client = BrowserAgent(site.nginx.url("workbench"), "alice")
    with client:
        yield client


def test_a_conversation_goes_through_nginx(customer: CustomerClient, agent: BrowserAgent) -> None:
    name = customer.session_name
    with customer.open_stream() as page, agent.open_stream() as workbench:
        expect(201, customer.post("hello"))
        page.wait_for_type("new_message", role="bot")
        expect(202, customer.escalate(reason="sideways"))
        workbench.wait_for_type("transfer_request", session_name=name)
        expect(200, agent.take_over(name))
        page.wait_for_type("status_change", status="manual_live")
        expect(201, agent.reply(name, "Alice here"))
        page.wait_for_type("new_message", content="Alice here")
        expect(201, customer.post("thank you"))
        workbench.wait_for_type("new_message", content="thank you")
        expect(200, agent.release(name))
        page.wait_for_type("status_change", status="bot_active")


def test_each_process_serves_the_same_session(site: Site, customer: CustomerClient) -> None:
    for worker in site.chatbots:
        url = f"http://127.0.0.1:{worker.port}{customer.path}"
        headers = {"X-Forwarded-Proto": "https", "Authorization": f"Bearer {customer.token}"}
        assert httpx.get(url, headers=headers).status_code == 200


def test_streams_are_http_2_and_unbuffered(site: Site, customer: CustomerClient) -> None:
    """Over HTTP/1.1 a browser has six connections to a host, streams included."""
    command = ["curl", "--silent", "--no-buffer", "--http2", "--insecure", "--max-time", "2", "--write-out"]
    address = [f"{customer.url}{customer.path}/events", "-H", f"Authorization: Bearer {customer.token}"]
    shown = subprocess.run([*command, "version %{http_version}", *address], capture_output=True, text=True, check=False)
    assert "event: stream-open" in shown.stdout
    assert "version 2" in shown.stdout


def test_no_other_host_can_plant_a_cookie(customer: CustomerClient, agent: BrowserAgent) -> None:
    """Browsers take a cookie of such a name from its own host over HTTPS only, for all paths."""
    cookies = [*customer.http.cookies.jar, *agent.http.cookies.jar]
    assert {cookie.name for cookie in cookies} == {"__Host-chat_browser", "__Host-sessionid", "__Host-csrftoken"}
    for cookie in cookies:
        assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False)


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_metrics_are_not_public(site: Site, service: str) -> None:
    assert httpx.get(f"{site.nginx.url(service)}/metrics").status_code == 404


def test_one_of_many_takeovers_wins_over_all_processes(site: Site, customer: CustomerClient) -> None:
    expect(202, customer.escalate())
    statuses: list[int] = []

    def take_over(client: BrowserAgent) -> None:
        statuses.append(client.take_over(customer.session_name).status_code)

    with ExitStack() as stack:
        url = site.nginx.url("workbench")
        clients = [BrowserAgent(url, name) for name in ("alice", "bob", "carol") * 2]
        for client in clients:
            stack.enter_context(client)
        threads = [threading.Thread(target=take_over, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert Counter(statuses) == {200: 1, 409: 5}


# What nginx keeps from the services


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_nginx_passes_no_root_path_on(site: Site, service: str) -> None:
    """It would have a path served that rules like `location /admin/` do not see."""
    url = site.nginx.url(service)
    headers = {"Daphne-Root-Path": "/x"}
    assert [httpx.get(f"{url}{path}", headers=headers).status_code for path in ("/healthz", "/x/healthz")] == [200, 404]


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_unknown_name_gets_no_answer(site: Site, service: str) -> None:
    for url in (site.nginx.url(service), f"http://127.0.0.1:{site.nginx.plain_port}"):
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/healthz", headers={"Host": "evil.example"})


def test_known_name_is_sent_to_https(site: Site) -> None:
    answer = httpx.get(f"http://127.0.0.1:{site.nginx.plain_port}/x?y", headers={"Host": "chat.example.com"})
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://chat.example.com/x?y")


def test_body_over_the_limit_is_refused_as_json_through_nginx(customer: CustomerClient) -> None:
    answer = customer.http.post(f"{customer.path}/messages", json={"content": "x" * 500_000, "client_id": "a"})
    assert answer.json()["error"]["code"] == "BODY_TOO_LARGE"
    assert answer.status_code == 413


CALLS, STREAMS = 20, 2
TIGHT = {
    "rate=300r/s": "rate=1r/m",
    "burst=1000 nodelay": f"burst={CALLS} nodelay",
    "limit_conn handover_streams 1000": f"limit_conn handover_streams {STREAMS}",
}


@pytest.fixture
def tight_nginx(site: Site, tmp_path: Path) -> Iterator[Nginx]:
    """Another nginx before the same processes, whose limits a test reaches at once."""
    nginx = Nginx(tmp_path, site.chatbots, site.workbenches, TIGHT)
    with trusting(nginx):
        nginx.start()
        try:
            yield nginx
        finally:
            nginx.kill()


def test_calls_of_one_address_are_limited(tight_nginx: Nginx) -> None:
    with httpx.Client(base_url=tight_nginx.url("chatbot")) as client:
        answers = [client.post("/api/sessions", json={}) for _ in range(CALLS + 5)]
        assert answers[0].status_code == 201
        refused = answers[-1]
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.json()["error"]["code"] == "RATE_LIMITED"
        assert client.get("/static/browser/kit/base.css").status_code == 200


def test_streams_of_one_address_are_limited_and_told_to_come_back(customer: CustomerClient, tight_nginx: Nginx) -> None:
    url = f"{tight_nginx.url('chatbot')}{customer.path}/events"
    with ExitStack() as stack, httpx.Client(headers={"Authorization": f"Bearer {customer.token}"}) as client:
        parts = [stack.enter_context(client.stream("GET", url)).iter_text() for _ in range(STREAMS)]
        assert all("event: stream-open" in next(part) for part in parts)
        refused = client.get(url)
        assert (refused.status_code, refused.headers["Content-Type"]) == (200, "text/event-stream")
        assert refused.text == "retry: 2000\n\n"


def test_database_promises_hold_on_postgresql(site: Site) -> None:
    environment = {**os.environ, "DATABASE_URL": site.postgresql.url, "REDIS_URL": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *DATABASE_PROMISES]
    # A test that hangs shows where it is; and nothing is waited for any longer than all of it may take.
    command += ["-o", f"faulthandler_timeout={PROMISES_SECONDS / 3}"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PROMISES_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class Writer:
    """Somebody who writes numbered messages, one after the other, each again until it is accepted."""

    customer: CustomerClient
    agent: BrowserAgent | None = None  # who writes, if it is not the customer
    accepted: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def write(self, ending: threading.Event) -> None:
        while not ending.is_set():
            client_id = f"{len(self.accepted):04}-{secrets.token_hex(4)}"
            if not self._post_until_accepted(client_id):
                return
            self.accepted.append(client_id)
            ending.wait(PAUSE_SECONDS)

    def _post_until_accepted(self, client_id: str) -> bool:
        deadline = time.monotonic() + ACCEPT_SECONDS
        status = 0
        while time.monotonic() < deadline:
            try:
                status = self._post(client_id)
            except httpx.TransportError:
                continue
            if status in (200, 201):
                return True
            if status != 503:
                break
            time.sleep(PAUSE_SECONDS)  # as long as Retry-After at most
        self.errors.append(f"{client_id}: {status}")
        return False

    def _post(self, client_id: str) -> int:
        if self.agent is not None:
            return self.agent.reply(self.customer.session_name, client_id, client_id).status_code
        return self.customer.post(client_id, client_id).status_code


def test_kills_under_load_lose_double_and_misorder_nothing(site: Site, agent: BrowserAgent) -> None:
    """One process of each service and one shard; the clients resume with their positions through nginx."""
    with ExitStack() as stack:
        customers = [stack.enter_context(CustomerClient(site.nginx.url("chatbot"))) for _ in range(6)]
        for customer in customers:
            customer.create_session()
        live, with_bot = customers[:LIVE_SESSIONS], customers[LIVE_SESSIONS:]
        for customer in live:
            expect(202, customer.escalate())
            expect(200, agent.take_over(customer.session_name))
        pages = {each.session_name: stack.enter_context(each.open_stream()) for each in customers}
        workbench = stack.enter_context(agent.open_stream())
        writers = [Writer(each) for each in customers] + [Writer(each, agent) for each in live]
        _write_through_faults(site, writers)
        _check(writers, pages, workbench, live, with_bot)


def _write_through_faults(site: Site, writers: list[Writer]) -> None:
    ending = threading.Event()
    threads = [threading.Thread(target=writer.write, args=(ending,)) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        for victim in (site.chatbots[0], site.workbenches[1], site.shards[0]):
            _wait_for_accepted(writers, MESSAGES_BETWEEN_FAULTS)
            victim.kill()
        _wait_for_accepted(writers, MESSAGES_BETWEEN_FAULTS)
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def _wait_for_accepted(writers: list[Writer], more: int) -> None:
    """Wait until so many more messages have been accepted, and at least one more of each writer."""
    before = [len(writer.accepted) for writer in writers]

    def enough() -> bool:
        grown = [len(writer.accepted) - count for writer, count in zip(writers, before, strict=True)]
        return min(grown) > 0 and sum(grown) >= more

    wait_until("messages are accepted", enough, ACCEPT_SECONDS)


def _check(
    writers: list[Writer],
    pages: dict[str, Stream],
    workbench: Stream,
    live: list[CustomerClient],
    with_bot: list[CustomerClient],
) -> None:
    assert [writer.errors for writer in writers if writer.errors] == []
    for writer in writers:
        name, role = writer.customer.session_name, "agent" if writer.agent else "customer"
        page = pages[name]
        _wait_for_count(page, name, role, len(writer.accepted))
        assert _client_ids(page, name, role) == writer.accepted
    for customer in with_bot:
        name = customer.session_name
        owed = len(_client_ids(pages[name], name, "customer"))
        _wait_for_count(pages[name], name, "bot", owed)
        answers = _client_ids(pages[name], name, "bot")
        assert len(set(answers)) == len(answers) == owed
    for customer in live:
        name = customer.session_name
        for role in ("customer", "agent"):
            _wait_for_count(workbench, name, role, len(_client_ids(pages[name], name, role)))
            assert _client_ids(workbench, name, role) == _client_ids(pages[name], name, role)
    assert any(len(page.statuses) > 1 for page in pages.values()), "no stream was on the process that was killed"
    for stream in (*pages.values(), workbench):
        assert stream.received("reset") == []


def _wait_for_count(stream: Stream, session_name: str, role: str, count: int) -> None:
    wait_until(
        f"{count} messages of the {role} in {session_name}",
        lambda: len(_client_ids(stream, session_name, role)) >= count,
        CATCH_UP_SECONDS,
    )


def _client_ids(stream: Stream, session_name: str, role: str) -> list[str]:
    """The messages of one role, as they came: what was delivered twice is there twice."""
    payloads = [event.payload for event in stream.received("new_message")]
    return [each["client_id"] for each in payloads if (each["session_name"], each["role"]) == (session_name, role)]


@dataclass
class Answers:
    """What somebody gets who goes on posting to a session, and how long each takes."""

    customer: CustomerClient
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    without_advice: int = 0

    def post(self) -> int:
        began = time.monotonic()
        answer = self.customer.post("hello")
        self.seconds.append(time.monotonic() - began)
        self.statuses.append(answer.status_code)
        self.without_advice += answer.status_code == 503 and "Retry-After" not in answer.headers
        return answer.status_code

    def post_until(self, ending: threading.Event) -> None:
        while not ending.is_set():
            self.post()

    @property
    def median_seconds(self) -> float:
        return statistics.median(self.seconds)


def customer_of(worker: Worker) -> CustomerClient:
    """A customer with a session, who talks to this process alone, past nginx."""
    client = CustomerClient(f"http://{HOST}:{worker.port}")
    client.http.headers["X-Forwarded-Proto"] = "https"
    client.create_session()
    client.http.headers["Authorization"] = f"Bearer {client.token}"  # its cookie is for https only
    return client


@contextlib.contextmanager
def posting(customer: CustomerClient, connections: int) -> Iterator[list[Answers]]:
    """Somebody who posts without a pause over so many connections."""
    ending = threading.Event()
    posters = [Answers(customer) for _ in range(connections)]
    threads = [threading.Thread(target=poster.post_until, args=(ending,)) for poster in posters]
    for thread in threads:
        thread.start()
    try:
        yield posters
    finally:
        ending.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("server", [0, 1], ids=["daphne", "uvicorn"])
def test_one_locked_row_keeps_nobody_else_waiting(site: Site, server: int) -> None:
    """Its customer posts over more connections than the process has threads for writing."""
    worker = site.chatbots[server]
    with ExitStack() as stack:
        locked, other = (stack.enter_context(customer_of(worker)) for _ in range(2))
        stack.enter_context(site.postgresql.locked_row("chatbot_chatsession", "name", locked.session_name))
        posters = stack.enter_context(posting(locked, 6))
        wait_until("the row is waited for", lambda: bool(site.postgresql.backends("wait_event_type = 'Lock'")))
        meanwhile = Answers(other)
        while not all(poster.statuses for poster in posters) or len(meanwhile.statuses) < POSTS_MEANWHILE:
            assert meanwhile.post() == 201
        assert worker.is_ready()
        assert meanwhile.median_seconds < 1
        refused = [each for poster in posters for each in poster.statuses]
        assert set(refused) == {503}
        assert sum(poster.without_advice for poster in posters) == 0
        assert statistics.median(poster.median_seconds for poster in posters) < 3
    with customer_of(worker) as after:
        assert after.post("hello").status_code == 201


@contextlib.contextmanager
def frozen(site: Site, channel: str, act: Callable[[], object]) -> Iterator[None]:
    """Stop the workbench in a transaction of `act` that has just got this channel's counter, and holds it."""
    with ExitStack() as stack:
        wait_until("the workbench is stopped at that moment", lambda: _freeze_once(site, channel, act, stack), 60)
        yield


def _freeze_once(site: Site, channel: str, act: Callable[[], object], stack: ExitStack) -> bool:
    """Whether it was; its lock is not waited for very long."""
    acting = threading.Thread(target=act)
    with site.postgresql.locked_row("realtime_channelhead", "channel", channel):
        acting.start()
        wait_until("the counter is waited for", lambda: bool(site.postgresql.backends("wait_event_type = 'Lock'")))
        backends = site.postgresql.backends("wait_event_type = 'Lock'")
        for worker in site.workbenches:
            worker.send_signal(signal.SIGSTOP)
    with ExitStack() as thawing:
        thawing.callback(acting.join)
        for worker in site.workbenches:
            thawing.callback(worker.send_signal, signal.SIGCONT)
        theirs = f"pid = ANY(ARRAY{backends}::int[])"
        wait_until("they got it, or gave up", lambda: not site.postgresql.backends(f"{theirs} AND state = 'active'"))
        is_stopped = bool(site.postgresql.backends(f"{theirs} AND state = 'idle in transaction'"))
        if is_stopped:
            stack.enter_context(thawing.pop_all())
        return is_stopped


@pytest.mark.parametrize(
    ("channel", "verb"), [("sse_agent_alice", "messages"), ("sse_broadcast", "release")], ids=["session", "broadcast"]
)
def test_a_workbench_that_is_stopped_with_locks_stops_nobody(
    site: Site, agent: BrowserAgent, channel: str, verb: str
) -> None:
    """The server ends its transaction; when it goes on, it has lost a connection and nothing else."""
    with ExitStack() as stack:
        live, other, waiting = (stack.enter_context(customer_of(site.chatbots[0])) for _ in range(3))
        expect(202, live.escalate())
        expect(200, agent.take_over(live.session_name))
        expect(201, agent.reply(live.session_name, "Alice here"))

        def act() -> None:
            with contextlib.suppress(httpx.TransportError):
                if verb == "release":
                    agent.release(live.session_name)
                else:
                    agent.reply(live.session_name, "hello")

        with frozen(site, channel, act):
            meanwhile, affected = Answers(other), Answers(live)
            for _ in range(POSTS_MEANWHILE):
                assert meanwhile.post() == 201
            assert meanwhile.median_seconds < 1
            expect(202, waiting.escalate())
            wait_until("its customer is served, too", lambda: affected.post() in (200, 201), FREED_SECONDS)
            assert set(affected.statuses) <= {201, 503}
            assert affected.without_advice == 0
        wait_until("the workbench answers", lambda: all(worker.is_ready() for worker in site.workbenches), 30)
        expect(200, agent.take_over(waiting.session_name))
        expect(201, agent.reply(waiting.session_name, "Alice is back"))


@pytest.mark.parametrize("server", [0, 1], ids=["daphne", "uvicorn"])
def test_a_process_ends_in_time_though_the_database_does_not_answer(site: Site, server: int) -> None:
    worker = site.chatbots[server]
    with ExitStack() as stack:
        customers = [stack.enter_context(customer_of(worker)) for _ in range(6)]
        site.postgresql.pause()
        stack.callback(site.postgresql.resume)
        answers = [Answers(customer) for customer in customers]

        def post(poster: Answers) -> None:
            with contextlib.suppress(httpx.TransportError):  # begun, and then cut off
                poster.post()

        threads = [threading.Thread(target=post, args=(poster,)) for poster in answers]
        for thread in threads:
            thread.start()
        for thread in threads:
            stack.callback(thread.join)
        wait_until("the first are refused", lambda: any(poster.statuses == [503] for poster in answers), 20)
        wait_until("it says that it is busy", lambda: readiness(worker) == (503, "busy"), 20)
        worker.send_signal(signal.SIGTERM)
        began = time.monotonic()
        worker.wait()
        assert time.monotonic() - began < 8 + 4  # of a busy machine


def readiness(worker: Worker) -> tuple[int, str]:
    answer = httpx.get(f"http://{HOST}:{worker.port}/readyz", headers=FORWARDED, timeout=10)
    return answer.status_code, str(answer.json().get("database"))
