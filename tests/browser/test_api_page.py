"""The page of the API shows every operation, with scripts of this host alone."""

import httpx
import pytest
from playwright.sync_api import Browser, expect

from harness.services import Product
from tests.browser.pages import PATIENCE_SECONDS


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_the_page_shows_the_operations(browser: Browser, product: Product, service: str) -> None:
    url = getattr(product, service).url
    paths = httpx.get(f"{url}/api/openapi.json", timeout=PATIENCE_SECONDS).json()["paths"]
    asked: list[str] = []
    refused: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: refused.append(str(error)))
        page.goto(f"{url}/api/docs")
        expect(page.locator(".opblock")).to_have_count(sum(map(len, paths.values())))
    assert refused == []
    assert {each for each in asked if not each.startswith((url, "data:"))} == set()
