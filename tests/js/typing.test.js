/** Who writes is told at most every five seconds, and at once when it is over. */

import assert from "node:assert/strict";
import test from "node:test";
import { TypingSender } from "../../browser/net/typing.js";

function listen() {
  const told = [];
  globalThis.document = { cookie: "" };
  globalThis.fetch = async (_path, { body }) => {
    told.push(JSON.parse(body).active);
    return new Response(null, { status: 204 });
  };
  return told;
}

test("it is told at once, then every five seconds while one writes", () => {
  const told = listen();
  const sender = new TypingSender(() => "/typing");
  [0, 1000, 4999, 5000, 6000].forEach((at) => sender.hear("text", at));
  assert.deepEqual(told, [true, true]);
});

test("the end is told once, and writing again at once", () => {
  const told = listen();
  const sender = new TypingSender(() => "/typing");
  [["a", 0], ["", 10], [" ", 20], ["b", 30]].forEach(([text, at]) => sender.hear(text, at));
  assert.deepEqual(told, [true, false, true]);
});

test("without a session nothing is told", () => {
  const told = listen();
  new TypingSender(() => null).hear("text", 0);
  assert.deepEqual(told, []);
});
