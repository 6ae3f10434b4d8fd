"""What nginx keeps from the services, and how it answers."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from harness.clients import CustomerClient
from harness.sideways import Nginx, Site, trusting


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_metrics_are_not_public(site: Site, service: str) -> None:
    assert httpx.get(f"{site.nginx.url(service)}/metrics").status_code == 404


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


def test_static_files_come_compressed_and_streams_do_not(site: Site, customer: CustomerClient) -> None:
    headers = {"Authorization": f"Bearer {customer.token}", "Accept-Encoding": "gzip"}
    with httpx.Client(base_url=site.nginx.url("chatbot"), headers=headers) as client:
        assert client.get("/static/browser/kit/base.css").headers["Content-Encoding"] == "gzip"
        with client.stream("GET", f"{customer.path}/events") as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            assert "Content-Encoding" not in answer.headers


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
