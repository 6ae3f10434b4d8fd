"""Chromium, and a browser of its own for each person."""

import logging
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    expect,
    sync_playwright,
)

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from harness.packages import find_browser
from harness.programs import wait_until
from harness.services import Product, run_product
from tests.browser.browsers import PATIENCE_MS, Browsers, Kind
from tests.browser.pages import PATIENCE_SECONDS, SCREENSHOTS, WIDE, ChatPage, ConversationPage, WorkbenchPage
from tests.needs import need

CHROMIUM = find_browser()
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # it does not start as root otherwise
    "--disable-gpu",
    "--disable-gpu-rasterization",  # which Debian's launcher asks for: without a GPU it is slower
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=1",  # of each browser: a tab that comes back from an empty page finds its process there
]
ENGLISH = "en-GB"

# What a test may leave, and what it is made of it.
OPEN_SESSIONS = "SELECT name FROM chatbot_chatsession WHERE status IN ('pending_manual', 'manual_live')"
NOT_AVAILABLE = """SELECT username FROM chatbot_agentstate JOIN auth_user ON auth_user.id = agent_id
    WHERE availability != 'available'"""
CHANGED_TEAM = """SELECT id FROM chatbot_team
    WHERE is_default AND (assignment != 'off' OR max_waiting IS NOT NULL OR is_offered_to_customers)"""
RESET_TEAM = (
    "UPDATE chatbot_team SET assignment = 'off', max_waiting = NULL, is_offered_to_customers = 0 WHERE is_default"
)

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
def browser() -> Iterator[Browser]:
    """One Chromium for all tests: Playwright's sync API can be started once in a process."""
    need("chromium")
    with launch_chromium() as browser:
        yield browser


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
def product(shared_product: Product, logins: Logins) -> Product:
    """The product, up, as it was at first but for closed conversations, whatever the test before has left."""
    programs = (*shared_product.services, shared_product.valkey)
    if not all(program.is_alive() for program in programs):
        shared_product.start_missing()
        wait_until("the services have their Redis", lambda: has_redis(shared_product), PATIENCE_SECONDS)
    clear(shared_product, logins)
    return shared_product


def has_redis(product: Product) -> bool:
    answers = [httpx.get(f"{service.url}/readyz", timeout=PATIENCE_SECONDS) for service in product.services]
    return all(answer.json()["redis"] == "ok" for answer in answers)


def clear(product: Product, logins: Logins) -> None:
    """Close who waits or is served, make everybody available, and let the default team ask and offer nothing.

    What there is to do is read from the database: most tests leave nothing else than a few conversations.
    """
    with closing(sqlite3.connect(product.database, timeout=PATIENCE_SECONDS)) as database:
        open_sessions = database.execute(OPEN_SESSIONS).fetchall()
        others = database.execute(NOT_AVAILABLE).fetchall()
        if database.execute(CHANGED_TEAM).fetchall():
            database.execute(RESET_TEAM)
            database.commit()
    for [name] in open_sessions:
        close_session(logins.log_in(product, "carol"), name)
    for [username] in others:
        make_available(logins.log_in(product, username))


@pytest.fixture
def alice(product: Product, logins: Logins) -> AgentClient:
    return logins.log_in(product, "alice")


@pytest.fixture
def bob(product: Product, logins: Logins) -> AgentClient:
    return logins.log_in(product, "bob")


def close_session(supervisor: AgentClient, name: str) -> None:
    """Also a session that waits: only who has a live conversation may close it. One of the bot's stays as it is."""

    def is_closed() -> bool:
        """A service that was just started, or is busy, may say 503; left open, the session is the next test's."""
        answers = [supervisor.call(name, "takeover", force=True), supervisor.call(name, "close")]
        assert all(answer.status_code in (200, 409, 503) for answer in answers), [each.text for each in answers]
        return all(answer.status_code != 503 for answer in answers)

    wait_until(f"{name} is closed or need not be", is_closed, PATIENCE_SECONDS)


def make_available(agent: AgentClient) -> None:
    path, headers = "/api/agent/availability", {"X-CSRFToken": agent.csrf_token}
    expect_answer(200, agent.http.put(path, json={"availability": "available"}, headers=headers))


class People:
    """Opens a browser for a person, and knows what went wrong in the pages' scripts."""

    def __init__(self, browsers: Browsers, product: Product, logins: Logins) -> None:
        self._browsers = browsers
        self._product = product
        self._logins = logins
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def customer(self, locale: str = ENGLISH, size: tuple[int, int] = WIDE) -> ChatPage:
        """A customer who has the chat page open."""
        url = self._product.chatbot.url
        chat = ChatPage(self._take_browser(Kind(url, locale, size)), url)
        chat.open()
        return chat

    def second_device(self, chat: ChatPage) -> ChatPage:
        """Another browser with the customer's conversation."""
        kind = Kind(chat.url, ENGLISH, WIDE)
        context = self._browsers.take_copy(chat.context.storage_state(), kind, self.faults.append)
        self._contexts.append(context)
        second = ChatPage(context, self._product.chatbot.url)
        second.open()
        return second

    def agent(self, username: str, locale: str = ENGLISH, size: tuple[int, int] = WIDE) -> WorkbenchPage:
        """An agent who has logged in and has the workbench open and live."""
        workbench = self.stranger(locale, size)
        self.log_in(workbench, username)
        workbench.open()
        return workbench

    def log_in(self, workbench: WorkbenchPage, username: str) -> None:
        """Let the browser be that of an agent who has logged in before."""
        cookies = self._logins.log_in(self._product, username).http.cookies
        workbench.context.add_cookies(
            [{"name": name, "value": value, "url": workbench.url} for name, value in cookies.items()]
        )

    def stranger(self, locale: str = ENGLISH, size: tuple[int, int] = WIDE, script: str = "") -> WorkbenchPage:
        """Somebody who has not logged in to the workbench, and has no page open yet; each will run the script first."""
        url = self._product.workbench.url
        return WorkbenchPage(self._take_browser(Kind(url, locale, size, script)), url)

    def second_tab(self, workbench: WorkbenchPage) -> WorkbenchPage:
        """Another tab of the agent's browser."""
        tab = WorkbenchPage(workbench.context, workbench.url)
        tab.open()
        return tab

    def use_up(self, page: ConversationPage) -> BrowserContext:
        """The page's browser, to add scripts or listeners to: no other test gets it."""
        self._browsers.use_up(page.context)
        return page.context

    def close(self) -> None:
        for context in self._contexts:
            self._browsers.give_back(context)

    def _take_browser(self, kind: Kind) -> BrowserContext:
        context = self._browsers.take(kind, self.faults.append)
        self._contexts.append(context)
        return context


@pytest.fixture(scope="session")
def browsers(browser: Browser) -> Browsers:
    return Browsers(browser)


@pytest.fixture
def people(browsers: Browsers, product: Product, logins: Logins) -> Iterator[People]:
    """Opens pages. The test fails if a script of theirs raised an error or broke the content security policy."""
    people = People(browsers, product, logins)
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
    """Three customers whose conversations alice has; they write over the API."""
    with ExitStack() as stack:
        customers = [stack.enter_context(CustomerClient(product.chatbot.url)) for _ in range(3)]
        for customer in customers:
            customer.create_session()
            expect_answer(202, customer.escalate())
            expect_answer(200, alice.take_over(customer.session_name))
        yield customers
