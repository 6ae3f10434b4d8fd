"""Conversations over two processes of each service behind nginx, PostgreSQL and two Redis shards."""

import subprocess
import threading
from collections import Counter
from contextlib import ExitStack

import httpx

from harness.clients import CustomerClient, expect
from harness.sideways import BrowserAgent, Site


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
    for client in (customer.http, agent.http):
        assert client.post("/language/", data={"language": "zh-hans"}).status_code == 302
    cookies = [*customer.http.cookies.jar, *agent.http.cookies.jar]
    names = {"__Host-chat_browser", "__Host-sessionid", "__Host-csrftoken", "__Host-django_language"}
    assert {cookie.name for cookie in cookies} == names
    for cookie in cookies:
        assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False)


def test_language_that_was_chosen_stays(customer: CustomerClient) -> None:
    for language in ("zh-hans", "en"):
        customer.http.post("/language/", data={"language": language})
        assert customer.http.get("/").headers["Content-Language"] == language


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
