/** Texts and times that are put together. */

import assert from "node:assert/strict";
import test from "node:test";
import { fill, initials } from "../../browser/kit/text.js";
import { formatDuration } from "../../browser/kit/time.js";

test("initials have at most two letters, in both scripts", () => {
  const wanted = { "Alice Wong": "AW", alice: "A", "Jean Luc Picard": "JL", 王小明: "小明", 李: "李", "  ": "?" };
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, initials(name)])), wanted);
});

test("a duration grows with what it holds", () => {
  assert.deepEqual([-1, 7.9, 750, 3723].map(formatDuration), ["0:00", "0:07", "12:30", "1:02:03"]);
});

test("a text is filled by names", () => {
  assert.equal(fill("%(b)s after %(a)s", { a: 1, b: "<b>" }), "<b> after 1");
});
