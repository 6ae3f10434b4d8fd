/** Rows keep their identity and their place; colours come at their limits. */

import assert from "node:assert/strict";
import test from "node:test";
import { emptyBoard, queueOf, takeMessage, takeQueue, takeSession } from "../../workbench/static/workbench/model/board.js";
import { hueOf, inOldOrder, nextIndex, rowOf, rowsOf, stepOf } from "../../workbench/static/workbench/model/rows.js";

const iso = (seconds) => new Date(Date.UTC(2026, 10, 3, 12, 0, seconds)).toISOString();
const item = (name, version, since) => ({ session_name: name, version, waiting_seconds: 5, waiting_since: iso(since), last_message: "hi" });

test("a row keeps its identity until something of it changes", () => {
  let board = takeQueue(emptyBoard("alice"), [item("s", 1, 1), item("t", 1, 2)], new Map());
  const before = rowsOf(board, queueOf(board), null);
  board = takeMessage(board, { id: 1, session_name: "t", role: "customer", content: "new", created_at: iso(20) });
  const after = rowsOf(board, queueOf(board), null, before);
  assert.equal(after[0], before[0]);
  assert.notEqual(after[1], before[1]);
  assert.equal(rowsOf(board, queueOf(board), "s", after)[0].isOpen, true);
});

test("a row says since when its customer waits, in the queue and for an answer", () => {
  const state = { session_name: "s", status: "manual_live", agent: { id: "alice", name: "Alice" }, unread: 1, last_activity_at: iso(9) };
  const board = takeSession(takeQueue(emptyBoard("alice"), [item("q", 1, 4)], new Map()), { ...state, version: 2, unanswered_since: iso(7) });
  assert.equal(rowOf(board, board.sessions.get("q")).since, Date.parse(iso(4)));
  assert.equal(rowOf(board, board.sessions.get("s")).since, Date.parse(iso(7)));
});

test("while somebody points at a list rows keep their order and new ones come last", () => {
  const keys = (rows) => rows.map(({ key }) => key).join("");
  const rows = [..."abcd"].map((key) => ({ key }));
  assert.equal(keys(inOldOrder(rows, [..."dba"].map((key) => ({ key })))), "dbac");
  assert.equal(keys(inOldOrder(rows.slice(1), [..."dba"].map((key) => ({ key })))), "dbc");
  assert.equal(keys(inOldOrder(rows, [])), "abcd");
});

test("a time changes its colour at each limit", () => {
  assert.deepEqual([0, 119, 120, 299, 300, 4000].map((seconds) => stepOf(seconds, [120, 300])), [0, 0, 1, 1, 2, 2]);
});

test("arrows move by one and stop at the ends", () => {
  const moves = [["ArrowDown", 0, 1], ["ArrowDown", 2, null], ["ArrowUp", 0, null], ["End", 0, 2], ["Home", 2, 0], ["x", 1, null]];
  for (const [key, from, to] of moves) assert.equal(nextIndex(key, from, 3), to, key);
});

test("the eight colours are all used and a session keeps its own", () => {
  const hues = Array.from({ length: 200 }, (_, number) => hueOf(`s-${number}x${number * 7}`));
  assert.deepEqual([...new Set(hues)].sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(hueOf("s-1"), hueOf("s-1"));
});
