"""axe-core finds nothing on the agents' pages, in either language, light and dark."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from harness.clients import CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import ROOT
from tests.browser.conftest import People
from tests.browser.pages import NARROW, WIDE
from tests.needs import lack

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"  # of package-lock.json: make node
OF_COLOURS = ("color-contrast", "link-in-text-block")
SCHEMES: dict[Literal["light", "dark"], Sequence[str]] = {"light": (), "dark": OF_COLOURS}
LOCALES = ("en-GB", "zh-CN")


def findings(page: Page, axe: Path = AXE, rules: Sequence[str] = ()) -> list[str]:
    """What axe has against the page, by all rules or by these: rule and element of each finding."""
    if not axe.exists():
        lack("axe-core is missing: make node")
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.read_text())
    options: dict[str, Any] = {"resultTypes": ["violations"]}  # what is in order need not be described
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found: list[dict[str, Any]] = page.evaluate(
        "options => axe.run(document, options).then(results => results.violations)", options
    )
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found
        for node in each["nodes"]
    ]


def expect_nothing(page: Page) -> None:
    """By all rules in the light, and in the dark by those that look at colours: the elements are the same."""
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        assert findings(page, rules=rules) == [], scheme


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_found_on_the_login(people: People, locale: str) -> None:
    workbench = people.stranger(locale)
    workbench.page.goto(workbench.url)
    expect_nothing(workbench.page)
    workbench.log_in("alice", "wrong")
    expect(workbench.locate("[role=alert]")).to_be_visible()
    expect_nothing(workbench.page)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "phone"])
@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_found_on_the_desk(
    people: People, customer: CustomerClient, served_customers: list[CustomerClient], locale: str, size: tuple[int, int]
) -> None:
    expect_answer(202, customer.escalate())
    expect_answer(201, served_customers[0].post("Where is my parcel?"))
    workbench = people.agent("alice", locale, size)
    expect(workbench.waiting(customer.session_name)).to_be_visible()
    expect_nothing(workbench.page)
    workbench.locate("#notify").click()
    expect(workbench.locate("#play-sound")).to_be_visible()
    expect_nothing(workbench.page)
    workbench.page.keyboard.press("Escape")
    workbench.locate("#tab-all").click()
    expect(workbench.locate("#found .row").first).to_be_visible()
    expect_nothing(workbench.page)
    workbench.locate("#tab-inbox").click()
    workbench.choose(served_customers[0].session_name)
    expect(workbench.locate("#composer")).to_be_visible()
    expect_nothing(workbench.page)


def test_a_fault_is_found(people: People) -> None:
    workbench = people.stranger()
    workbench.page.goto(workbench.url)
    workbench.locate("label").first.evaluate("node => node.remove()")
    assert any(each.startswith("label:") for each in findings(workbench.page))
