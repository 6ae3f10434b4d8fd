"""Files through nginx: how large they may be, and how nginx gives them out for the services."""

import httpx
import pytest

from chatbot.attachments.storage import stored_name
from harness import files
from harness.clients import CustomerClient, expect
from harness.sideways import FORWARDED, BrowserAgent, Site

MEBIBYTE = 1024 * 1024
MAX_MB = 20
NGINX_MB = 32
TRIES = 5
# Of the connection; what nginx knows from the file itself; what is about languages, of which a file has none.
NOT_COMPARED = {"connection", "content-length", "date", "server", "x-accel-redirect", "content-language", "vary"}


@pytest.fixture
def patient(customer: CustomerClient) -> CustomerClient:
    """Encrypting so much takes its time on a busy machine."""
    customer.http.timeout = httpx.Timeout(60)
    return customer


def test_largest_file_goes_through_nginx_and_comes_back(patient: CustomerClient) -> None:
    content = files.noise(MAX_MB * MEBIBYTE)
    said = expect(201, patient.upload("a.pdf", content))
    assert patient.http.get(said["url"]).content == content


@pytest.mark.parametrize("megabytes", [MAX_MB + 1, NGINX_MB + 1], ids=["by the service", "by nginx"])
def test_larger_file_is_refused_as_json(patient: CustomerClient, megabytes: int) -> None:
    """The service answers and closes while the body comes: nginx may lose the answer with the reset, and says 503."""
    content = files.noise(megabytes * MEBIBYTE)
    answers = (patient.upload("a.pdf", content) for _ in range(TRIES))
    answer = next(each for each in answers if each.status_code != 503)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "FILE_TOO_LARGE")


@pytest.mark.parametrize("call", ["messages", "receipts", "escalate"])
def test_body_of_another_call_is_refused_as_json_by_nginx(patient: CustomerClient, call: str) -> None:
    answer = patient.http.post(f"{patient.path}/{call}", json={"content": "x" * 2 * MEBIBYTE, "client_id": "a"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "BODY_TOO_LARGE")


def compared(answer: httpx.Response) -> dict[str, list[str]]:
    """The headers and their parts, which a policy has in any order."""
    return {name: sorted(value.split("; ")) for name, value in answer.headers.items() if name not in NOT_COMPARED}


@pytest.mark.parametrize(("name", "content"), [("报告 1.pdf", files.pdf()), ("a.jpg", files.picture())])
def test_file_has_the_headers_of_the_service(site: Site, customer: CustomerClient, name: str, content: bytes) -> None:
    said = expect(201, customer.upload(name, content))
    token = {"Authorization": f"Bearer {customer.token}", "Host": f"127.0.0.1:{site.nginx.ports['chatbot']}"}
    answer = customer.http.get(said["url"])
    own = httpx.get(f"http://127.0.0.1:{site.chatbots[0].port}{said['url']}", headers={**FORWARDED, **token})
    assert own.headers["X-Accel-Redirect"]
    wanted = compared(own)
    assert {name: value for name, value in compared(answer).items() if name in wanted} == wanted
    assert wanted["x-content-type-options"] == ["nosniff"]
    assert len(answer.content) == said["bytes"]


def test_file_is_saved_and_may_do_nothing(customer: CustomerClient) -> None:
    said = expect(201, customer.upload("a.pdf", files.pdf()))
    answer = customer.http.get(said["url"])
    assert answer.headers.get_list("Content-Security-Policy") == ["sandbox; default-src 'none'; frame-ancestors 'none'"]
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_nginx_gives_files_to_nobody_whom_a_service_did_not_allow(
    site: Site, customer: CustomerClient, agent: BrowserAgent
) -> None:
    said = expect(201, customer.upload("a.pdf", files.pdf()))
    place = f"/attachments/{stored_name(said['id'])}"
    for client in (customer.http, agent.http):
        for path in (place, f"/api/..{place}", f"/static/..{place}", f"/attachments/..{place}"):
            assert client.get(path).status_code == 404, path
    assert httpx.get(f"{site.nginx.url('chatbot')}{said['url']}").status_code == 404
