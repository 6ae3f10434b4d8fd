/** Says that somebody is at this desk. An open page alone says nothing of that. */

import { callApi } from "../browser/net/http.js";

const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel"];
const PARTS = 3; // of the time after which an agent is away: the server hears of input this often, and no more
const MAX_LATE_MS = 60_000;

/** Tells of input at once, and then at most once in `intervalMs`, at the end of it if there was any meanwhile. */
export class InputReporter {
  #intervalMs;
  #report;
  #reportedAt = -Infinity;
  #timer = null;

  /** @param {number} intervalMs @param {() => void} report */
  constructor(intervalMs, report) {
    this.#intervalMs = intervalMs;
    this.#report = report;
  }

  /** @param {number} at in ms */
  hear(at) {
    const wait = this.#reportedAt + this.#intervalMs - at;
    if (wait <= 0) this.#tell(at);
    else this.#timer ??= setTimeout(() => this.#tellLater(at + wait), wait);
  }

  /** A machine that slept meanwhile tells nothing: nobody may be there when it wakes. */
  #tellLater(dueAt) {
    this.#timer = null;
    const now = Date.now();
    if (now - dueAt < MAX_LATE_MS) this.#tell(now);
  }

  #tell(at) {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#reportedAt = at;
    this.#report();
  }
}

/** @param {number} minutes after which an agent without input is away; 0: never */
export function reportInput(minutes) {
  if (!minutes) return;
  const reporter = new InputReporter((minutes * 60_000) / PARTS, () => {
    callApi("POST", "/api/agent/activity").catch(() => {}); // the next one counts as well
  });
  for (const type of INPUTS) addEventListener(type, () => reporter.hear(Date.now()), { capture: true, passive: true });
}
