import assert from "node:assert/strict";
import { test } from "node:test";
import { ableOf, takeStatus, unableOf } from "../../workbench/static/workbench/model/agents.js";

const agent = (id, fields = {}) => ({
  id, name: id, connected: true, availability: "available", reason: "", live: 0, capacity: 5, teams: [1], ...fields,
});

test("only who is here, available and below capacity can take a conversation, fewest first", () => {
  const agents = [
    agent("alice"), agent("full", { live: 5 }), agent("away", { availability: "away" }),
    agent("gone", { connected: false }), agent("two", { live: 2 }), agent("one", { live: 1 }),
  ];
  assert.deepEqual(ableOf(agents, "alice").map(({ id }) => id), ["one", "two"]);
  assert.deepEqual(unableOf(agents, "alice"), { full: 1, away: 1, offline: 1 });
});

test("an event changes only what it says, of the agent that it names", () => {
  const bob = agent("bob", { live: 3 });
  assert.deepEqual(takeStatus(bob, { agent: { id: "bob", name: "Bob" }, availability: "away" }), { ...bob, availability: "away" });
  assert.equal(takeStatus(bob, { agent: { id: "ann", name: "Ann" }, availability: "away" }), bob);
});
