"""The desk tells that somebody is at it: at the first input, and not with each."""

from harness.programs import wait_until
from tests.browser.conftest import People
from tests.browser.pages import PATIENCE_SECONDS


def test_input_is_told_once(people: People) -> None:
    desk = people.agent("alice")
    told: list[str] = []
    people.use_up(desk)
    desk.page.on("request", lambda request: told.append(request.url) if request.url.endswith("/activity") else None)

    def is_told() -> bool:
        for x in (100, 110):
            desk.page.mouse.move(x, 100)
        return bool(told)

    with desk.page.expect_response("**/api/agent/activity") as response:
        wait_until("the script that listens is loaded", is_told, PATIENCE_SECONDS)
    assert response.value.status == 204
    for n in range(20):
        desk.page.mouse.move(200 + n, 200)
        desk.page.keyboard.press("Shift")
    desk.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert len(told) == 1
