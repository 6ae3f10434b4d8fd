"""Chromium, and a browser of its own for each person."""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, WebError, expect, sync_playwright

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import wait_until
from harness.services import Product, run_product
from tests.browser.pages import SCREENSHOTS, WIDE, ChatPage, WorkbenchPage

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # it does not start as root otherwise
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ENGLISH = "en-GB"
PATIENCE_MS = 10_000

logging.getLogger("asyncio").setLevel(logging.WARNING)
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def launch_chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="session")
def shared_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One for all browser tests: nothing else runs beside them."""
    with run_product(tmp_path_factory.mktemp("product")) as product:
        yield product


class Logins:
    """Agents who have logged in, each once for all tests: checking a password takes longer than many a test."""

    def __init__(self) -> None:
        self._clients: dict[str, AgentClient] = {}

    def log_in(self, product: Product, username: str) -> AgentClient:
        if username not in self._clients:
            self._clients[username] = AgentClient(product.workbench.url, username)
        return self._clients[username]

    def close(self) -> None:
        for client in self._clients.values():
            client.http.close()


@pytest.fixture(scope="session")
def logins() -> Iterator[Logins]:
    logins = Logins()
    yield logins
    logins.close()


@pytest.fixture
def alice(product: Product, logins: Logins) -> AgentClient:
    return logins.log_in(product, "alice")


@pytest.fixture
def bob(product: Product, logins: Logins) -> AgentClient:
    return logins.log_in(product, "bob")


@pytest.fixture
def customer(customer: CustomerClient, product: Product, logins: Logins) -> Iterator[CustomerClient]:
    """A customer with a session of its own, which is closed afterwards: the next test finds short lists."""
    yield customer
    close_session(logins.log_in(product, "carol"), customer.session_name)


def close_session(supervisor: AgentClient, name: str) -> None:
    """Also a session that waits: only who has a live conversation may close it. One of the bot's stays as it is."""

    def is_answered() -> bool:
        """A service that was just started, or is busy, may say 503; left to wait, the session is the next test's."""
        taken = supervisor.call(name, "takeover", force=True)
        assert taken.status_code in (200, 409, 503), taken.text
        return taken.status_code != 503

    wait_until(f"{name} is taken or need not be", is_answered, PATIENCE_MS / 1_000)
    answer = supervisor.call(name, "close")
    assert answer.status_code in (200, 409), answer.text


class People:
    """Opens a browser for a person, and knows what went wrong in the pages' scripts."""

    def __init__(self, browser: Browser, product: Product, logins: Logins) -> None:
        self._browser = browser
        self._product = product
        self._logins = logins
        self._contexts = ExitStack()
        self._chats: list[ChatPage] = []
        self.faults: list[str] = []

    def customer(self, locale: str = ENGLISH, size: tuple[int, int] = WIDE) -> ChatPage:
        """A customer who has the chat page open."""
        chat = ChatPage(self._open_context(locale, size), self._product.chatbot.url)
        chat.open()
        self._chats.append(chat)
        return chat

    def agent(self, username: str, locale: str = ENGLISH, size: tuple[int, int] = WIDE) -> WorkbenchPage:
        """An agent who has logged in and has the workbench open and live."""
        workbench = self.stranger(locale, size)
        cookies = self._logins.log_in(self._product, username).http.cookies
        workbench.context.add_cookies(
            [{"name": name, "value": value, "url": workbench.url} for name, value in cookies.items()]
        )
        workbench.open()
        return workbench

    def stranger(self, locale: str = ENGLISH, size: tuple[int, int] = WIDE) -> WorkbenchPage:
        """Somebody who has not logged in to the workbench, and has no page open yet."""
        return WorkbenchPage(self._open_context(locale, size), self._product.workbench.url)

    def second_tab(self, workbench: WorkbenchPage) -> WorkbenchPage:
        """Another tab of the agent's browser."""
        tab = WorkbenchPage(workbench.context, workbench.url)
        tab.open()
        return tab

    def close(self) -> None:
        """Close what customers began, so that the next test finds short lists, and every browser."""
        with suppress(httpx.TransportError):  # a test that failed may leave a service ended
            for chat in self._chats:
                if chat.has_session():
                    close_session(self._logins.log_in(self._product, "carol"), chat.session_name)
        self._contexts.close()

    def _open_context(self, locale: str, size: tuple[int, int]) -> BrowserContext:
        width, height = size
        context = self._browser.new_context(
            locale=locale, viewport={"width": width, "height": height}, timezone_id="UTC", reduced_motion="reduce"
        )
        self._contexts.callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", self._note_error)
        context.on("console", self._note_policy_violation)
        return context

    def _note_error(self, error: WebError) -> None:
        self.faults.append(str(error.error))

    def _note_policy_violation(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)


@pytest.fixture
def people(browser: Browser, product: Product, logins: Logins) -> Iterator[People]:
    """Opens pages. The test fails if a script of theirs raised an error or broke the content security policy."""
    people = People(browser, product, logins)
    yield people
    people.close()
    assert not people.faults


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path:
    """The folder for the screenshots of this test, emptied."""
    folder = SCREENSHOTS / re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def served_customers(product: Product, alice: AgentClient) -> Iterator[list[CustomerClient]]:
    """Three customers whose conversations alice has; they write over the API. Closed afterwards."""
    with ExitStack() as stack:
        customers = [stack.enter_context(CustomerClient(product.chatbot.url)) for _ in range(3)]
        for customer in customers:
            customer.create_session()
            expect_answer(202, customer.escalate())
            expect_answer(200, alice.take_over(customer.session_name))
        yield customers
        for customer in customers:
            expect_answer(200, alice.call(customer.session_name, "close"))
