/** The server hears that somebody is at the desk: at once, and then as seldom as is enough. */

import assert from "node:assert/strict";
import test from "node:test";
import { InputReporter } from "../../workbench/static/workbench/input.js";

const INTERVAL_MS = 300_000;

function begin(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const told = [];
  const reporter = new InputReporter(INTERVAL_MS, () => told.push(Date.now() - 1_000_000));
  return { told, touch: () => reporter.hear(Date.now()), wait: (ms) => t.mock.timers.tick(ms) };
}

test("the first input is told at once, and nothing after it as long as nobody does anything", (t) => {
  const { told, touch, wait } = begin(t);
  touch();
  wait(10 * INTERVAL_MS);
  assert.deepEqual(told, [0]);
});

test("what comes soon after is told together at the end of the interval", (t) => {
  const { told, touch, wait } = begin(t);
  for (let n = 0; n < 10; n++) {
    touch();
    wait(1000);
  }
  wait(INTERVAL_MS - 10_000);
  assert.deepEqual(told, [0, INTERVAL_MS]);
});

test("who works all day is told of once in an interval", (t) => {
  const { told, touch, wait } = begin(t);
  for (let n = 0; n < 100; n++) {
    touch();
    wait(INTERVAL_MS / 10);
  }
  assert.deepEqual(told, Array.from({ length: 11 }, (_, n) => n * INTERVAL_MS));
});

test("a machine that slept does not tell of what was done before", (t) => {
  const { told, touch, wait } = begin(t);
  touch();
  wait(1000);
  touch();
  t.mock.timers.setTime(1_000_000 + 100 * INTERVAL_MS);
  assert.deepEqual(told, [0]);
  touch();
  assert.deepEqual(told, [0, 100 * INTERVAL_MS]);
});
