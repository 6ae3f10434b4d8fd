import assert from "node:assert/strict";
import { test } from "node:test";
import * as boards from "../../workbench/static/workbench/model/board.js";

const session = (name, fields = {}) => ({
  session_name: name, version: 3, status: "manual_live", agent: { id: "alice", name: "Alice" },
  last_activity_at: "2026-11-28T12:00:00Z", unread: 0, unanswered_since: null, ...fields,
});

const board = (...sessions) => sessions.reduce(boards.takeSession, boards.emptyBoard("alice"));
const names = (known) => boards.mineOf(known).map(({ session_name: name }) => name);

test("what is on hold stands below what is answered", () => {
  const known = board(
    session("held", { on_hold: { until: null }, unanswered_since: "2026-11-28T11:00:00Z" }),
    session("answered"), session("due", { unanswered_since: "2026-11-28T11:59:00Z" }),
  );
  assert.deepEqual(names(known), ["due", "answered", "held"]);
});

test("an update puts on hold and takes off, and an older one changes nothing", () => {
  const held = boards.takeUpdate(board(session("s")), { session_name: "s", version: 4, on_hold: { until: null } });
  assert.deepEqual(held.sessions.get("s").on_hold, { until: null });
  assert.equal(boards.takeUpdate(held, { session_name: "s", version: 3, on_hold: null }), held);
  assert.equal(boards.takeUpdate(held, { session_name: "s", version: 5, on_hold: null }).sessions.get("s").on_hold, null);
});
