"""The two pages as their users see them: what is shown, and what can be done."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from harness.programs import ROOT, wait_until
from harness.services import DEMO_PASSWORD

SCREENSHOTS = ROOT / "var" / "screenshots"
WIDE = (1280, 800)
NARROW = (390, 844)
SESSION_KEY = "handover:session"  # where the chat page keeps the name of its session

SEEN_WITHIN_SECONDS = 1.0  # the product's promise for a transfer request
# From a click to what another browser draws: that often it is a process' turn, of which each may be late on a machine
# that is busy with other things.
LATE_TURNS = 20
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"

Shown = list[tuple[str, str]]  # (role, text) of each message, in order; of a system line what it tells of

READ_MESSAGES = """nodes => nodes.map(node => node.matches(".notice")
    ? ["system", node.dataset.notice ?? node.querySelector("span").firstChild.data]
    : [/by-(\\w+)/.exec(node.className)[1], node.querySelector(".bubble").textContent])"""


class ConversationPage:
    """What the customer's and the agent's page have in common."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.page: Page = context.new_page()

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

    def is_sending(self) -> bool:
        return self.locate("#messages .pending").count() > 0

    def expect_exactly(self, fetch: Callable[[], Shown], within: float = 10.0) -> None:
        """Wait until the page shows the messages of the API: all of them, each once, in order, none on its way."""
        states: list[object] = []

        def is_same() -> bool:
            states[:] = [self.is_sending(), self.shown(), fetch()]
            return not states[0] and states[1] == states[2]

        try:
            wait_until("the page shows the messages of the API", is_same, within)
        except AssertionError as error:
            raise AssertionError(f"{error}\non their way: {states[0]}\npage: {states[1]}\nAPI:  {states[2]}") from None

    def expect_soon(self, expectation: Callable[[], None], since: float) -> None:
        """Expect something of this page within the promised second of a moment of `time.monotonic()`.

        How late anything is on this machine is measured right afterwards, and allowed for.
        """
        expectation()
        took = time.monotonic() - since
        late = LATE_TURNS * max(self._seconds_to_draw() for _ in range(10))
        assert took < SEEN_WITHIN_SECONDS + late, f"{took:.2f} s, of which {late:.2f} s are the machine's"

    def _seconds_to_draw(self) -> float:
        started = time.monotonic()
        self.page.evaluate(NEXT_FRAME)
        return time.monotonic() - started

    def shoot(self, folder: Path, step: str) -> None:
        """Keep a screenshot of the page as it is, at both sizes."""
        for width, height in (NARROW, WIDE):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=folder / f"{step}-{width}x{height}.png", animations="disabled")


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
            wait_until("the page has a session", self.has_session, 10)
        return self._session_name

    def has_session(self) -> bool:
        origins = self.context.storage_state().get("origins", [])
        stored = {item["name"]: item["value"] for origin in origins for item in origin["localStorage"]}
        self._session_name = stored.get(SESSION_KEY, "")
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

    def expect_live(self, within: float = 10.0) -> None:
        expect(self.locate("#connection")).to_be_hidden(timeout=within * 1000)

    def expect_reconnecting(self) -> None:
        expect(self.locate("#connection")).to_have_text("Connection lost. Reconnecting…")
        expect(self.locate("#connection")).to_be_visible()

    def expect_status(self, status: str, within: float = 10.0) -> None:
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

    def expect_live(self, within: float = 10.0) -> None:
        expect(self.locate("#connection")).to_have_attribute("data-state", "live", timeout=within * 1000)

    def expect_reconnecting(self) -> None:
        expect(self.locate("#connection")).to_have_attribute("data-state", "reconnecting")

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
        expect(self.locate("#composer")).to_be_visible()

    def choose(self, session_name: str) -> None:
        """Open one of the agent's own conversations."""
        self.mine(session_name).locator(".row-link").click()

    def from_menu(self, action: str) -> None:
        """Do what stands in the menu of the open conversation: "requeue", "release"."""
        self.locate("#talk-more").click()
        self.locate(f"#{action}").click()

    def close_conversation(self) -> None:
        """It is closed when the seconds are over in which that can be undone."""
        self.locate("#close").click()
        expect(self.locate("#undo-button")).to_be_focused()


def messages_of(session: dict[str, Any]) -> Shown:
    """What a page has to show of a fetched session."""
    return [(message["role"], message["notice"] or message["content"]) for message in session["messages"]]
