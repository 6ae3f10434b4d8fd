/** A session is what its newest version says, whatever came first. */

import assert from "node:assert/strict";
import test from "node:test";
import { NEW_SESSION, positionOf, takePosition, takeSession } from "../../browser/talk/model/session.js";
import { endsOf, ordersOf } from "./orders.mjs";

const ALICE = { id: "alice", name: "Alice" };
const state = (version, status, agent = null) => (known) => takeSession(known, { version, status, agent });

test("states and a place in the queue, in any order, some twice: the same session", () => {
  const facts = [
    state(0, "bot_active"), state(1, "pending_manual"), (known) => takePosition(known, 3), state(2, "manual_live", ALICE),
    state(3, "pending_manual"),
  ];
  const ends = endsOf(ordersOf(facts), NEW_SESSION, (known) => [known.status, known.version, known.agent, positionOf(known)]);
  assert.deepEqual(ends, [["pending_manual", 3, null, 3]]);
});

test("only who waits has a place", () => {
  assert.equal(positionOf(state(2, "manual_live", ALICE)(takePosition(NEW_SESSION, 3))), null);
});
