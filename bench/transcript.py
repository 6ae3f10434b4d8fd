"""What one message costs a page that has 2,000 of them, beside an earlier revision, in turns in one Chromium.

    python -m bench.transcript [REVISION]

Prints the median script time of an append, without layout (the transcript is not displayed) and with it.
"""

import http.server
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from harness.packages import find_browser
from harness.programs import ROOT

DRAWN_BY_HAND = "9f273aa"  # the last revision whose transcript no model stands behind
ROUNDS = 5
CHROMIUM = find_browser()
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="browser/talk/conversation.css">
<div style="height: 600px; display: flex" class="conversation">
<div class="scroller" style="overflow-y: auto"><ol id="messages" class="messages"></ol></div></div><script>
window.gettext = (text) => text; window.ngettext = (one, many, count) => (count === 1 ? one : many);
window.interpolate = (text, values) => text.replace(/%\\((\\w+)\\)s/g, (_, name) => values[name]);
</script>"""
MEASURE = """async (isDisplayed) => {
  const { Transcript } = await import("./browser/talk/transcript.js");
  const start = Date.UTC(2026, 10, 3);
  const alice = { id: "alice", name: "Alice" };
  const message = (id) => ({ id, role: id % 3 ? "customer" : "agent", agent: id % 3 ? null : alice,
    content: `Message number ${id}, of some words, as people write them.`, client_id: `c${id}`,
    created_at: new Date(start + id * 60000).toISOString() });
  const list = document.getElementById("messages");
  const transcript = new Transcript(list, { self: { role: "agent", agent: alice },
    isOwnSide: ({ role }) => role !== "customer", labelOf: ({ role }) => ({ name: role, tag: null }) });
  const messages = Array.from({ length: 2000 }, (_, index) => message(index + 1));
  transcript.load({ session_name: "s", messages, more: false });
  list.parentElement.style.display = isDisplayed ? "" : "none";
  const times = [];
  for (let id = 2001; id <= 2100; id += 1) {
    await new Promise(requestAnimationFrame);
    const before = performance.now();
    transcript.add(message(id));
    if (isDisplayed) list.parentElement.getBoundingClientRect();
    times.push(performance.now() - before);
  }
  return times;
}"""


@contextmanager
def serve(revision: str | None) -> Iterator[str]:
    """The address of the shared scripts as they are, or as they were."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if revision is None:
            shutil.copytree(ROOT / "browser", folder / "browser")
        else:
            packed = subprocess.run(["git", "archive", revision, "browser"], cwd=ROOT, check=True, capture_output=True)
            with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
                archive.extractall(folder, filter="data")
        (folder / "index.html").write_text(PAGE)
        handler = partial(_QuietHandler, directory=name)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are not what is measured."""


def measure(page: Page, address: str, *, is_displayed: bool) -> list[float]:
    """Milliseconds of each of 100 appends to 2,000 messages."""
    page.goto(address)
    times: list[float] = page.evaluate(MEASURE, is_displayed)
    return times


def main() -> None:
    revision = sys.argv[1] if len(sys.argv) > 1 else DRAWN_BY_HAND
    found: dict[tuple[str, bool], list[float]] = {}
    with serve(revision) as old, serve(None) as new, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for _ in range(ROUNDS):
            for name, address in ((revision, old), ("this tree", new)):
                for is_displayed in (False, True):
                    found.setdefault((name, is_displayed), []).extend(measure(page, address, is_displayed=is_displayed))
        browser.close()
    for (name, is_displayed), times in found.items():
        what = "with layout" if is_displayed else "script alone"
        print(f"{name:12} {what:13} median {statistics.median(times):6.2f} ms   fastest {min(times):6.2f} ms")


if __name__ == "__main__":
    main()
