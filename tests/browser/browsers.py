"""Browsers of people, used again by one test after the other, with a tab in each.

A page is some sixty files. A browser that has fetched them need not fetch them again, and a tab that has read them need
not read them again: a page takes half of the processor's time that it takes in a new browser's new tab.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState

from tests.browser.pages import HOLD_TIMERS, NOTHING, PATIENCE_SECONDS

HOURS_TO_NOON = 12 - datetime.now(UTC).hour
TIMEZONE = f"Etc/GMT{-HOURS_TO_NOON:+d}" if HOURS_TO_NOON else "UTC"  # where it is midday: no day ends during a test
PATIENCE_MS = PATIENCE_SECONDS * 1_000
SAID_MS = 8_000  # for how long the desk says what went wrong, or what became of a transfer

# Of what a page stores, all but the cache of what it fetched.
STORED = "cookies,file_systems,indexeddb,local_storage,service_workers"

Size = tuple[int, int]  # width and height in CSS pixels
Kind = tuple[str, Size, str]  # the locale, the size, and the address of the service that its tab has read the files of
FaultListener = Callable[[str], None]


class Browsers:
    """Contexts of Chromium, each the browser of one person at a time; the next finds in it nothing but its cache.

    It has a tab that nothing is open in.
    """

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._free: defaultdict[Kind, list[BrowserContext]] = defaultdict(list)
        self._kinds: dict[BrowserContext, Kind] = {}  # of those that are used again
        self._listeners: dict[BrowserContext, FaultListener] = {}

    def take(self, kind: Kind, on_fault: FaultListener) -> BrowserContext:
        """One that nobody has. `on_fault` is told what its scripts raise, and what the pages' policy refuses them."""
        context = self._free[kind].pop() if self._free[kind] else self._open(kind)
        self._kinds[context] = kind
        self._listeners[context] = on_fault
        return context

    def take_copy(self, state: StorageState, kind: Kind, on_fault: FaultListener) -> BrowserContext:
        """One with the cookies and the storage of another; it is not used again."""
        context = self._open(kind, state)
        self._listeners[context] = on_fault
        return context

    def use_up(self, context: BrowserContext) -> None:
        """Use it for nobody else: scripts and listeners that are added to a browser, or to a tab, stay with it."""
        self._kinds.pop(context, None)

    def give_back(self, context: BrowserContext, addresses: tuple[str, ...]) -> None:
        """Empty it of what pages at these addresses have stored, for the next; or close it."""
        kind = self._kinds.pop(context, None)
        if kind is None:
            context.close()
        else:
            _empty(context, addresses)
            self._free[kind].append(context)
        del self._listeners[context]

    def _open(self, kind: Kind, state: StorageState | None = None) -> BrowserContext:
        locale, (width, height), _ = kind
        context = self._chromium.new_context(
            locale=locale,
            viewport={"width": width, "height": height},
            timezone_id=TIMEZONE,
            reduced_motion="reduce",
            storage_state=state,
        )
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(f"({HOLD_TIMERS})({SAID_MS})")
        context.on("weberror", lambda error: self._listeners[context](str(error.error)))
        context.on("console", lambda message: self._note_policy_violation(context, message))
        return context

    def _note_policy_violation(self, context: BrowserContext, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self._listeners[context](message.text)


def _empty(context: BrowserContext, addresses: tuple[str, ...]) -> None:
    """Pages are left first: some store something then."""
    used = [page for page in context.pages if page.url.startswith(addresses)]
    tab = used[0] if used else context.new_page()
    for page in context.pages:
        if page is not tab:
            page.close()
    if used:
        _leave(tab)
    context.set_offline(False)
    context.unroute_all()
    context.clear_permissions()
    session = context.new_cdp_session(tab)
    for address in addresses:
        session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": STORED})
    session.detach()


def _leave(tab: Page) -> None:
    """Make a tab what a new one is, but for what its process has read."""
    tab.session_storage.clear()
    tab.goto(NOTHING)
    tab.unroute_all()
    tab.emulate_media(media="null", color_scheme="null")
    tab.mouse.move(0, 0)
