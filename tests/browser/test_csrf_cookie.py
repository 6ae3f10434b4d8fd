"""A page finds its CSRF token under HTTPS, where the cookie has another name, and without."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from harness.programs import ROOT

SCRIPT = ROOT / "browser/net/http.js"


@pytest.mark.parametrize(
    ("origin", "cookie"), [("https://desk.test", "__Host-csrftoken"), ("http://desk.test", "csrftoken")]
)
def test_a_call_carries_the_token_of_the_cookie(browser: Browser, origin: str, cookie: str) -> None:
    sent: list[str | None] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.headers.get("x-csrftoken"))
            route.fulfill(json={})
        elif Path(route.request.url).name == SCRIPT.name:
            route.fulfill(path=SCRIPT, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    with browser.new_context() as context:
        context.add_cookies([{"name": cookie, "value": "token", "url": origin, "secure": origin.startswith("https")}])
        page = context.new_page()
        page.route(f"{origin}/**", answer)
        page.goto(origin)
        page.evaluate(f"import('/{SCRIPT.name}').then(({{ callApi }}) => callApi('POST', '/api/close', {{}}))")
    assert sent == ["token"]
