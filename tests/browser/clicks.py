"""Clicks as a hand makes them: counted by the browser, and so long apart as is said, however busy the machine is."""

import time

from playwright.sync_api import Locator, Page


def click_again_and_again(page: Page, control: Locator, clicks: int, pause_seconds: float) -> None:
    """Click so often at the same place, whatever is there by then."""
    box = control.bounding_box()
    assert box is not None
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    page.mouse.move(place["x"], place["y"])
    session = page.context.new_cdp_session(page)
    began = time.time()
    for number in range(clicks):
        click = {**place, "button": "left", "clickCount": number + 1, "timestamp": began + number * pause_seconds}
        for kind in ("mousePressed", "mouseReleased"):
            session.send("Input.dispatchMouseEvent", {"type": kind, **click})
        page.wait_for_timeout(pause_seconds * 1000)
    session.detach()
