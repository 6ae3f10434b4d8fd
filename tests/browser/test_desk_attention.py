"""An agent who looks elsewhere is called: once a browser, by what they chose, until somebody takes the customer."""

from playwright.sync_api import Page, expect

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import wait_until
from tests.browser.conftest import People
from tests.browser.pages import PATIENCE_SECONDS, WorkbenchPage

# Counts what would be heard and shown; the desk of somebody who looks elsewhere.
SPY = """
window.rings = 0;
window.notes = [];
const createOscillator = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.rings += 1; return createOscillator.call(this); };
window.Notification = class { constructor(title) { window.notes.push(title); } };
window.Notification.permission = "granted";
document.hasFocus = () => false;
"""
# A browser that plays no sound.
REFUSE = """
AudioContext.prototype.resume = () => new Promise(() => {});
Object.defineProperty(AudioContext.prototype, "state", { value: "suspended" });
"""
# The first sound of a browser starts a process of it; a page waits for that only so long as a call still makes sense.
PREPARE_SOUND = "() => new AudioContext().resume()"
# Whether each of the two tabs knows which of them calls: the other one waits for its lock.
IS_LED = """() => navigator.locks.query().then(({ held, pending }) => {
    const leaders = new Set(held.filter(({ name }) => name.endsWith(":rings")).map(({ clientId }) => clientId));
    const waits = pending.filter(({ name, clientId }) => name.endsWith(":rings") && !leaders.has(clientId));
    return leaders.size === 1 && new Set(waits.map(({ clientId }) => clientId)).size === 1;
})"""
TONES_A_RING = 2
RING_AGAIN_MS = 30_000


def open_desk(people: People, *, has_clock: bool = False) -> WorkbenchPage:
    """The desk of alice, where the browser lets sounds be played, and what it plays is counted."""
    workbench = people.stranger(script=SPY)
    people.log_in(workbench, "alice")
    if has_clock:
        people.use_up(workbench).clock.install()
    workbench.open()
    let_it_ring(workbench)
    return workbench


def let_it_ring(workbench: WorkbenchPage) -> None:
    workbench.page.mouse.click(600, 300)
    workbench.page.evaluate(PREPARE_SOUND)


def wait_for_rings(rung: int, *pages: Page) -> None:
    wait_until(f"it has rung {rung} times", lambda: rings(*pages) >= rung, PATIENCE_SECONDS)
    assert rings(*pages) == rung


def rings(*pages: Page) -> float:
    return sum(int(page.evaluate("window.rings")) for page in pages) / TONES_A_RING


def test_title_and_icon_tell_unread_and_waiting_apart(
    people: People, customer: CustomerClient, served_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice")
    icon = workbench.locate("link[rel=icon]")
    plain = icon.get_attribute("href")
    expect_answer(202, customer.escalate())
    expect(workbench.page).to_have_title("1 waiting · Workbench · Handover")
    amber = icon.get_attribute("href")
    for number in range(2):
        expect_answer(201, served_customers[0].post(f"message {number}"))
    expect(workbench.page).to_have_title("2 unread · 1 waiting · Workbench · Handover")
    assert len({plain, amber, icon.get_attribute("href")}) == 3


def test_two_tabs_call_once(people: People, alice: AgentClient, customer: CustomerClient) -> None:
    first = open_desk(people)
    second = people.second_tab(first)
    let_it_ring(second)
    wait_until("the tabs know which of them calls", lambda: bool(first.page.evaluate(IS_LED)), PATIENCE_SECONDS)
    expect_answer(202, customer.escalate())
    for tab in (first, second):
        expect(tab.waiting(customer.session_name)).to_be_visible()
    wait_for_rings(1, first.page, second.page)
    notes = first.page.evaluate("window.notes") + second.page.evaluate("window.notes")
    assert len(notes) == 1
    assert notes[0].endswith("asks for a human")


def test_who_is_away_is_not_called(people: People, alice: AgentClient, customer: CustomerClient) -> None:
    workbench = open_desk(people)
    workbench.locate(".account summary").click()
    workbench.locate("[data-choice=away]").click()
    expect(workbench.locate("#own-state")).to_contain_text("Away")
    expect_answer(202, customer.escalate())
    expect(workbench.waiting(customer.session_name)).to_be_visible()
    workbench.locate("[data-choice=available]").click()
    expect(workbench.locate("#own-state")).to_contain_text("Available")
    assert (rings(workbench.page), workbench.page.evaluate("window.notes")) == (0, [])


def test_a_waiting_customer_is_rung_for_again_until_taken(
    people: People, alice: AgentClient, customer: CustomerClient
) -> None:
    workbench = open_desk(people, has_clock=True)
    expect_answer(202, customer.escalate())
    expect(workbench.waiting(customer.session_name)).to_be_visible()
    wait_for_rings(1, workbench.page)
    workbench.page.clock.fast_forward(RING_AGAIN_MS)
    wait_for_rings(2, workbench.page)
    expect_answer(200, alice.take_over(customer.session_name))
    expect(workbench.waiting(customer.session_name)).to_have_count(0)
    workbench.page.clock.fast_forward(RING_AGAIN_MS * 2)
    assert rings(workbench.page) == 2


def test_who_waited_before_the_page_was_opened_is_rung_for_too(people: People, customer: CustomerClient) -> None:
    expect_answer(202, customer.escalate())
    workbench = open_desk(people, has_clock=True)
    expect(workbench.waiting(customer.session_name)).to_be_visible()
    assert rings(workbench.page) == 0
    workbench.page.clock.fast_forward(RING_AGAIN_MS)
    wait_for_rings(1, workbench.page)


def test_what_is_switched_off_is_silent_after_a_reload_too(
    people: People, customer: CustomerClient, served_customers: list[CustomerClient]
) -> None:
    workbench = open_desk(people)
    workbench.locate("#notify").click()
    workbench.page.get_by_label("Mine: a customer writes: Sound").uncheck()
    workbench.page.reload()
    workbench.expect_live()
    let_it_ring(workbench)
    expect_answer(201, served_customers[0].post("Hello?"))
    expect(workbench.mine(served_customers[0].session_name).locator(".badge")).to_be_visible()
    expect_answer(202, customer.escalate())
    wait_for_rings(1, workbench.page)  # for the one who waits


def test_a_sound_that_the_browser_refuses_is_told(people: People, customer: CustomerClient) -> None:
    workbench = people.stranger(script=REFUSE)
    people.log_in(workbench, "alice")
    workbench.open()
    expect_answer(202, customer.escalate())
    expect(workbench.locate("#notify")).to_contain_text("Sound is off")
    workbench.locate("#notify").click()
    workbench.locate("#play-sound").click()
    expect(workbench.locate("#sound-refused")).to_contain_text("The browser refuses the sound.")
