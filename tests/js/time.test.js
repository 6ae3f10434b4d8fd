/** Times as people read them. */

import assert from "node:assert/strict";
import test from "node:test";
import { formatAgo, formatBefore } from "../../browser/kit/time.js";

const NOW = Date.UTC(2026, 10, 3, 12, 0, 0);
const minutes = (count) => NOW - count * 60_000;

test("how long ago, short enough for a row", () => {
  assert.deepEqual([0.5, 1, 59, 60, 1439].map((count) => formatAgo(minutes(count), NOW)), ["now", "1 min", "59 min", "1 hr", "23 hr"]);
  assert.match(formatAgo(minutes(1440), NOW), /2 Nov|Nov 2/);
});

test("how long before now, in words; a clock that is ahead tells of now", () => {
  const told = [-3, 0.5, 4, 61, 1440, 4320].map((count) => formatBefore(minutes(count), NOW));
  assert.deepEqual(told, ["now", "now", "4 min. ago", "1 hr. ago", "yesterday", "3 days ago"]);
});
