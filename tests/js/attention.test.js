/** Whom the page calls, and when it stays silent. */

import assert from "node:assert/strict";
import test from "node:test";
import { callsFor, DEFAULTS, readSettings, ringsAgain, withChoice } from "../../workbench/static/workbench/model/attention.js";

const LOOKING_AWAY = { isSeen: false, hasFocus: false };

test("what was stored wrongly or in part falls back to the defaults", () => {
  assert.deepEqual(readSettings(null), DEFAULTS);
  assert.deepEqual(readSettings({ sound: { mine: "yes" } }), DEFAULTS);
  assert.equal(readSettings({ sound: { mine: false } }).sound.mine, false);
  assert.equal(readSettings({ sound: { mine: false } }).sound.waiting, true);
});

test("each event is called for as chosen", () => {
  const settings = withChoice(withChoice(DEFAULTS, "sound", "mine", false), "notification", "waiting", false);
  assert.deepEqual(callsFor(settings, "mine", LOOKING_AWAY), { sound: false, notification: true });
  assert.deepEqual(callsFor(settings, "waiting", LOOKING_AWAY), { sound: true, notification: false });
});

test("what is seen rings not, and who looks at the page gets no notification of the desktop", () => {
  assert.deepEqual(callsFor(DEFAULTS, "mine", { isSeen: true, hasFocus: true }), { sound: false, notification: false });
  assert.deepEqual(callsFor(DEFAULTS, "mine", { isSeen: false, hasFocus: true }), { sound: true, notification: false });
});

test("it rings again every half minute as long as anybody waits", () => {
  assert.equal(ringsAgain(1, 0, 29_999), false);
  assert.equal(ringsAgain(1, 0, 30_000), true);
  assert.equal(ringsAgain(0, 0, 90_000), false);
});
