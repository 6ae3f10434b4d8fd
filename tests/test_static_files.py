"""Static files over the wire: compressed for who asks for it, as they are for everybody else."""

import gzip
from collections.abc import Iterator

import httpx
import pytest

from harness.programs import ROOT
from harness.services import Product
from harness.trust import trust

SCRIPT = "/static/browser/net/http.js"


@pytest.fixture
def client(product: Product) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=product.workbench.url, headers={"Accept-Encoding": ""}, verify=trust()) as client:
        yield client


def read_raw(client: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def on_disk() -> bytes:
    return (ROOT / "browser/net/http.js").read_bytes()


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "deflate, GZIP"])
def test_file_is_compressed_for_who_accepts_it(client: httpx.Client, accepted: str) -> None:
    answer, body = read_raw(client, SCRIPT, **{"Accept-Encoding": accepted})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(body) < len(on_disk()) / 2
    assert gzip.decompress(body) == on_disk()


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br, gzip; q=0.0"])
def test_file_is_as_it_is_for_everybody_else(client: httpx.Client, accepted: str) -> None:
    answer, body = read_raw(client, SCRIPT, **{"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"  # a cache between us must not mix them up
    assert body == on_disk()


def test_head_tells_what_get_would(client: httpx.Client) -> None:
    _, body = read_raw(client, SCRIPT, **{"Accept-Encoding": "gzip"})
    answer = client.head(SCRIPT, headers={"Accept-Encoding": "gzip"})
    assert int(answer.headers["Content-Length"]) == len(body)
    assert answer.content == b""


def test_part_of_a_file_is_of_the_file_as_it_is(client: httpx.Client) -> None:
    answer, body = read_raw(client, SCRIPT, **{"Accept-Encoding": "gzip", "Range": "bytes=10-19"})
    assert answer.status_code == 206
    assert body == on_disk()[10:20]


def test_file_that_a_browser_has_is_not_sent_again(client: httpx.Client) -> None:
    first, _ = read_raw(client, SCRIPT, **{"Accept-Encoding": "gzip"})
    again, body = read_raw(client, SCRIPT, **{"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, body) == (304, b"")


def test_stream_is_never_compressed(product: Product) -> None:
    with httpx.Client(base_url=product.chatbot.url, headers={"Accept-Encoding": "gzip"}, verify=trust()) as client:
        created = client.post("/api/sessions", json={}).json()
        with client.stream("GET", f"/api/sessions/{created['session_name']}/events") as answer:
            assert answer.status_code == 200
            assert "Content-Encoding" not in answer.headers


def test_catalogue_of_translations_is_compressed(product: Product) -> None:
    answer = httpx.get(f"{product.chatbot.url}/jsi18n/", headers={"Accept-Encoding": "gzip"}, verify=trust())
    assert answer.headers["Content-Encoding"] == "gzip"
