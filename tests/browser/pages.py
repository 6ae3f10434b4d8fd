"""The two pages as their users see them: what is shown, and what can be done."""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from harness.programs import ROOT, wait_until
from harness.services import DEMO_PASSWORD

SCREENSHOTS = ROOT / "var" / "screenshots"
KEEPS_SCREENSHOTS = os.environ.get("SCREENSHOTS") == "keep"  # else nobody looks at them, and each takes its time
WIDE = (1280, 800)
NARROW = (390, 844)
SMALL = (360, 740)  # of the smallest telephones that many people have
NOTHING = "about:blank"  # the address of a tab that nothing is open in
# Of the parts of a bar that are in the way of each other: what is written, however far it reaches, and what is clicked.
OVERLAPS = """bar => {
    const find = (selector) => [...bar.querySelectorAll(selector)].filter((node) => node.checkVisibility());
    const reach = (node) => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return range.getBoundingClientRect();
    };
    const parts = [
        ...find("a, button, summary").map((node) => [node, node.getBoundingClientRect()]),
        ...find("[role=status]").map((node) => [node, reach(node)]),
    ];
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const isInTheWay = ([node, box]) =>
        box.right > innerWidth || parts.some(([other, its]) => other !== node && meet(box, its));
    return parts.filter(isInTheWay).map(([node]) => node.outerHTML);
}"""
SESSION_KEY = "handover:session"  # where the chat page keeps the name of its session

PATIENCE_SECONDS = 30.0  # only what fails takes as long; a test that states a time of the product says its own
SEEN_WITHIN_SECONDS = 1.0  # the product's promise for a transfer request
# From a click to what another browser draws: that often it is a process' turn, of which each may be late on a machine
# that is busy with other things.
LATE_TURNS = 20
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"
# What a page does by itself after so many milliseconds waits until it is told to: no test runs against the clock.
HOLD_TIMERS = """ms => {
    const set = window.setTimeout;
    window.heldTimers = [];
    const hold = (work) => { window.heldTimers.push(work); return -1; };
    window.setTimeout = (work, wait, ...more) => (wait === ms ? hold(work) : set(work, wait, ...more));
}"""
PASS_TIMERS = "() => window.heldTimers.splice(0).forEach((work) => work())"
HIDE = """() => {
    const get = () => (window.isAway ? "hidden" : "visible");
    Object.defineProperty(document, "visibilityState", { configurable: true, get });
    window.isAway = true;
}"""
COME_BACK = "() => { window.isAway = false; document.dispatchEvent(new Event('visibilitychange')); }"
UNDO_MS = 6_000

PRESSURE = Path("/proc/pressure/cpu")  # of Linux: for how long something has waited for a processor

Shown = list[tuple[str, str]]  # (role, text) of each message, in order; of a system line what it tells of

READ_MESSAGES = """nodes => nodes.map(node => node.matches(".notice")
    ? ["system", node.dataset.notice ?? node.querySelector("span").firstChild.data]
    : [/by-(\\w+)/.exec(node.className)[1], node.querySelector(".bubble").textContent])"""


def seconds_without_processor() -> float:
    """For how long, so far, something that could run on this machine did not; 0 where the system does not say so."""
    if not PRESSURE.exists():
        return 0.0
    some = PRESSURE.read_text().splitlines()[0]
    return int(some.rpartition("total=")[2]) / 1_000_000


@dataclass(frozen=True)
class Moment:
    """Now; and how busy the machine has been until now."""

    at: float = field(default_factory=time.monotonic)
    without_processor: float = field(default_factory=seconds_without_processor)


class Gate:
    """Holds back a page's requests to some addresses, all or the first ones, until it is opened."""

    def __init__(self, page: Page, addresses: str | re.Pattern[str], times: int | None = None) -> None:
        self._page = page
        self._held: list[Route] = []
        self._is_open = False
        page.route(addresses, self._take, times=times)

    def _take(self, route: Route) -> None:
        if self._is_open:
            route.continue_()
        else:
            self._held.append(route)

    def wait_for_one(self) -> None:
        """A request is known before it is held: until then opening would pass it over."""
        wait_until("a request is held", self._holds_one, within=PATIENCE_SECONDS)

    def _holds_one(self) -> bool:
        self._page.wait_for_timeout(20)  # Playwright calls handlers while something waits for it
        return bool(self._held)

    def open(self) -> None:
        self._is_open = True
        for route in self._held:
            route.continue_()


class ConversationPage:
    """What the customer's and the agent's page have in common."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.page: Page = next((page for page in context.pages if page.url == NOTHING), None) or context.new_page()

    def locate(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def write(self, text: str) -> None:
        self.locate("#text").fill(text)
        self.locate("#text").press("Enter")

    def message(self, role: str, text: str) -> Locator:
        """The stored message of that role that contains the text."""
        return self.locate(f"#messages .message.by-{role}:has(.foot[data-state=stored])").filter(has_text=text)

    def shown(self) -> Shown:
        """The messages on the page, those on their way included."""
        rows = self.locate("#messages > .message:not(.typing), #messages > .notice").evaluate_all(READ_MESSAGES)
        return [(role, text) for role, text in rows]

    def hold_timers(self, milliseconds: int) -> None:
        """What this page, until it is loaded anew, lets run out after so long waits for `pass_timers`."""
        self.page.evaluate(HOLD_TIMERS, milliseconds)

    def pass_timers(self) -> None:
        self.page.evaluate(PASS_TIMERS)

    def look_away(self) -> None:
        """Have the page, until it is loaded anew or `come_back`, believe that nobody sees it."""
        self.page.evaluate(HIDE)

    def come_back(self) -> None:
        self.page.evaluate(COME_BACK)

    def is_sending(self) -> bool:
        return self.locate("#messages .pending").count() > 0

    def expect_exactly(self, fetch: Callable[[], Shown], within: float = PATIENCE_SECONDS) -> None:
        """Wait until the page shows the messages of the API: all of them, each once, in order, none on its way."""
        states: list[object] = []

        def is_same() -> bool:
            states[:] = [self.is_sending(), self.shown(), fetch()]
            return not states[0] and states[1] == states[2]

        try:
            wait_until("the page shows the messages of the API", is_same, within)
        except AssertionError as error:
            raise AssertionError(f"{error}\non their way: {states[0]}\npage: {states[1]}\nAPI:  {states[2]}") from None

    def expect_soon(self, expectation: Callable[[], None], since: Moment) -> None:
        """Expect something of this page within the promised second of a moment.

        How long the machine was short of processors meanwhile, and how late it is right afterwards, is allowed for.
        """
        expectation()
        took = time.monotonic() - since.at
        late = seconds_without_processor() - since.without_processor
        late += LATE_TURNS * max(self._seconds_to_draw() for _ in range(10))
        assert took < SEEN_WITHIN_SECONDS + late, f"{took:.2f} s, of which {late:.2f} s are the machine's"

    def _seconds_to_draw(self) -> float:
        started = time.monotonic()
        self.page.evaluate(NEXT_FRAME)
        return time.monotonic() - started

    def shoot(self, folder: Path, step: str) -> None:
        """Keep a screenshot of the page as it is, at both sizes, where that was asked for."""
        if not KEEPS_SCREENSHOTS:
            return
        before = self.page.viewport_size
        assert before is not None
        for width, height in (NARROW, WIDE):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=folder / f"{step}-{width}x{height}.png", animations="disabled")
        self.page.set_viewport_size(before)


class ChatPage(ConversationPage):
    """The customer's page."""

    _session_name = ""

    def open(self) -> None:
        self.page.goto(self.url)
        expect(self.locate("#status")).not_to_be_empty()

    @property
    def session_name(self) -> str:
        """The name of the session, which the first message makes: waits for it."""
        if not self._session_name:
            wait_until("the page has a session", self.has_session, PATIENCE_SECONDS)
        return self._session_name

    def has_session(self) -> bool:
        self._session_name = self.page.evaluate("key => localStorage.getItem(key)", SESSION_KEY) or ""
        return bool(self._session_name)

    def fetch(self) -> dict[str, Any]:
        """The session as the API tells it to this browser."""
        answer = self.context.request.get(f"{self.url}/api/sessions/{self.session_name}")
        assert answer.ok, answer.text()
        return dict(answer.json())

    def fetch_messages(self) -> Shown:
        return messages_of(self.fetch())

    def escalate(self) -> None:
        self.locate("#escalate").click()
        self.expect_status("pending_manual")

    def open_menu(self) -> None:
        self.locate("[popovertarget=menu]").click()

    def expect_live(self, within: float = PATIENCE_SECONDS) -> None:
        expect(self.locate("#connection")).to_be_hidden(timeout=within * 1000)

    def expect_streaming(self) -> None:
        """Wait until the page is told what happens; a message can be stored before that."""
        expect(self.locate("#since")).not_to_be_empty()

    def expect_reconnecting(self) -> None:
        expect(self.locate("#connection")).to_have_text("Connection lost. Reconnecting…")
        expect(self.locate("#connection")).to_be_visible()

    def expect_status(self, status: str, within: float = PATIENCE_SECONDS) -> None:
        expect(self.locate("#status")).to_have_attribute("data-status", status, timeout=within * 1000)


class WorkbenchPage(ConversationPage):
    """The agent's page. Several of one context are tabs of one browser."""

    def log_in(self, username: str, password: str = DEMO_PASSWORD) -> None:
        """Fill in and send the login form."""
        self.locate("#id_username").fill(username)
        self.locate("#id_password").fill(password)
        self.locate(".login-card [type=submit]").click()

    def open(self) -> None:
        """Open the workbench in a browser that is logged in."""
        self.page.goto(self.url)
        self.expect_live()

    def expect_live(self, within: float = PATIENCE_SECONDS) -> None:
        expect(self.locate("#connection")).to_have_attribute("data-state", "live", timeout=within * 1000)

    def expect_reconnecting(self) -> None:
        expect(self.locate("#connection")).to_have_attribute("data-state", "reconnecting")

    def expect_readable_bar(self) -> None:
        """Nothing in the top bar covers anything else there."""
        assert self.locate(".topbar").evaluate(OVERLAPS) == []

    def waiting(self, session_name: str) -> Locator:
        """The session's row in the queue."""
        return self._row("queue", session_name)

    def mine(self, session_name: str) -> Locator:
        """The session's row among the agent's own."""
        return self._row("mine", session_name)

    def _row(self, panel: str, session_name: str) -> Locator:
        return self.locate(f'#{panel} .row:has(a[href="#/{session_name}"])')

    def take_over(self, session_name: str) -> None:
        self.waiting(session_name).locator(".row-action").click()
        expect(self.locate("#text")).to_be_focused()

    def choose(self, session_name: str) -> None:
        """Open one of the agent's own conversations, and wait until what is done next is done in it."""
        link = self.mine(session_name).locator(".row-link")
        link.click()
        expect(link).to_have_attribute("aria-current", "true")

    def from_menu(self, action: str) -> None:
        """Do what stands in the menu of the open conversation: "requeue", "release"."""
        self.locate("#talk-more").click()
        self.locate(f"#{action}").click()

    def close_conversation(self) -> None:
        """It is closed when the seconds are over in which that can be undone."""
        self.locate("#close").click()


def messages_of(session: dict[str, Any]) -> Shown:
    """What a page has to show of a fetched session."""
    return [(message["role"], message["notice"] or message["content"]) for message in session["messages"]]
