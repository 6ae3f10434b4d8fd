"""What a page makes a browser load: few bytes over the wire, and no module is found only in another one."""

import re
from collections.abc import Callable
from urllib.parse import urljoin

import httpx
import pytest

from harness.clients import AgentClient
from harness.programs import ROOT
from harness.services import Product
from harness.trust import trust
from tests.scripts import loaded_with

MAX_CHAT_PAGE_BYTES = 80_000
MAX_WORKBENCH_BYTES = 112_000
PAGES = {"chatbot/chat.html": "chatbot/chat.js", "workbench/workbench.html": "workbench/workbench.js"}
LOADED = re.compile(r"""<(?:link|script|img|use)\b[^>]*?\b(?:href|src)="(/[^"#]+)["#]""")
INCLUDED = re.compile(r"""\{% include "([^"]+)" %\}""")
PRELOADED = re.compile(r"""rel="modulepreload" href="\{% static '([^']+)' %\}\"""")

Get = Callable[[str], httpx.Response]


def weigh(get: Get, path: str) -> dict[str, int]:
    """Bytes over the wire of the page and of each file that it loads, its modules with all that they import."""
    page = get(path)
    paths = {path, *LOADED.findall(page.text)}
    for script in [each.removeprefix("/static/") for each in paths if each.startswith("/static/") and ".js" in each]:
        if script.startswith(("browser/", "realtime/", "chatbot/", "workbench/")):
            paths |= {f"/static/{each}" for each in loaded_with(script)}
    answers = {each: get(urljoin(path, each)) for each in paths}
    assert {each: answer.status_code for each, answer in answers.items() if answer.status_code != 200} == {}
    return {each: answer.num_bytes_downloaded for each, answer in answers.items()}


def describe(weights: dict[str, int]) -> str:
    rows = sorted(weights.items(), key=lambda row: -row[1])
    return "\n".join(f"{size:7} {path}" for path, size in [*rows, ("in all", sum(weights.values()))])


def test_chat_page_is_light(product: Product) -> None:
    with httpx.Client(base_url=product.chatbot.url, headers={"Accept-Encoding": "gzip"}, verify=trust()) as client:
        weights = weigh(client.get, "/")
    assert len(weights) > 15
    assert sum(weights.values()) <= MAX_CHAT_PAGE_BYTES, describe(weights)


def test_workbench_is_light(product: Product, alice: AgentClient) -> None:
    with httpx.Client(
        base_url=product.workbench.url, headers={"Accept-Encoding": "gzip"}, cookies=alice.http.cookies, verify=trust()
    ) as client:
        weights = weigh(client.get, "/")
    assert len(weights) > 15
    assert sum(weights.values()) <= MAX_WORKBENCH_BYTES, describe(weights)


@pytest.mark.parametrize(("template", "script"), PAGES.items())
def test_every_module_is_named_in_the_page(template: str, script: str) -> None:
    """Otherwise a browser finds it only when it has read the module that imports it, one round trip later each."""
    text = (ROOT / "templates" / template).read_text()
    parts = [(ROOT / "templates" / part).read_text() for part in INCLUDED.findall(text)]
    preloaded = PRELOADED.findall("".join([text, *parts]))
    assert sorted(preloaded) == sorted(loaded_with(script) - {script})
