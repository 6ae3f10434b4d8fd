/** What the customer's page shows of a session, whatever comes first: a fetch or an event. */

import assert from "node:assert/strict";
import test from "node:test";
import { createStore } from "../../chatbot/static/chatbot/store.js";
import { ordersOf } from "./orders.mjs";

const ALICE = { id: "alice", name: "Alice" };
const fetched = (version, status, more = {}) => ({ version, status, agent: null, messages: [], ...more });

/** Play facts on a store in all orders; what it shows in the end must be one thing. */
function endOf(facts, read) {
  const ends = ordersOf(facts).map((order) => {
    const store = createStore();
    order.forEach((fact) => fact(store));
    return JSON.stringify(read(store));
  });
  assert.equal(new Set(ends).size, 1, [...new Set(ends)].join(" | "));
  return JSON.parse(ends[0]);
}

test("who waits has a card with the place", () => {
  const store = createStore();
  store.takePosition(3);
  store.takeStatus({ version: 1, status: "pending_manual", agent: null });
  assert.deepEqual([store.card.value, store.position.value, store.canAskForHuman.value], ["waiting", 3, false]);
});

test("a conversation that a person closed is to be rated, in any order of its facts", () => {
  const end = endOf([
    (store) => store.takeStatus({ version: 2, status: "manual_live", agent: ALICE }),
    (store) => store.takeStatus({ version: 3, status: "closed", agent: null }),
    (store) => store.takeFetched(fetched(3, "closed", { ratable: true, messages: [{ role: "agent", agent: ALICE }] })),
    (store) => store.takeFetched(fetched(2, "manual_live", { agent: ALICE })),
  ], (store) => [store.card.value, store.servedBy.value.name, store.needsRating()]);
  assert.deepEqual(end, ["rating", "Alice", false]);
});

test("whether it can be rated only a fetch of that version says", () => {
  const store = createStore();
  store.takeFetched(fetched(3, "closed", { ratable: true }));
  store.takeStatus({ version: 4, status: "bot_active", agent: null });
  store.takeStatus({ version: 5, status: "closed", agent: null });
  assert.deepEqual([store.card.value, store.needsRating()], ["closed", true]);
});

test("what was rated, or is not to be, is not asked again until it ends again", () => {
  for (const [answer, card] of [[(store) => store.rated(), "thanks"], [(store) => store.decline(3), "closed"]]) {
    const store = createStore();
    store.takeFetched(fetched(3, "closed", { ratable: true }));
    answer(store);
    assert.equal(store.card.value, card);
    store.takeFetched(fetched(5, "closed", { ratable: true }));
    assert.equal(store.card.value, "rating");
  }
});

test("the agent is shown while the conversation is live, and known afterwards", () => {
  const store = createStore();
  store.takeStatus({ version: 2, status: "manual_live", agent: ALICE });
  assert.equal(store.agent.value.name, "Alice");
  store.takeStatus({ version: 3, status: "bot_active", agent: null });
  assert.deepEqual([store.agent.value, store.servedBy.value.name], [null, "Alice"]);
});

test("nothing of one conversation is shown in the next", () => {
  const store = createStore();
  store.takeFetched(fetched(3, "closed", { ratable: true, customer: { email: "a@example.com" } }));
  store.clear();
  assert.deepEqual([store.card.value, store.email.value, store.status.value], [null, "", "bot_active"]);
});

test("why one waits is what was said last, by a fetch or with the place", () => {
  const store = createStore();
  store.takeFetched(fetched(1, "pending_manual", { queue_position: 3, queue: { why: "2 before you.", minutes: [3, 8] } }));
  store.takePosition(2, "1 before you.");
  assert.deepEqual([store.position.value, store.why.value, store.minutes.value], [2, "1 before you.", [3, 8]]);
  store.takePosition(1); // an older service does not say why: what was said of another place is not true any more
  assert.equal(store.why.value, "");
});

test("it is known since when nothing is missing, and without a stream until when", () => {
  const store = createStore();
  store.takeLink(false, 1000); // it was never there
  assert.deepEqual(store.link.value, { isLive: false, since: 0, until: 0 });
  for (const [isLive, at] of [[true, 2000], [true, 3000], [false, 4000], [false, 5000]]) store.takeLink(isLive, at);
  assert.deepEqual(store.link.value, { isLive: false, since: 2000, until: 4000 });
  store.takeLink(true, 6000);
  assert.deepEqual(store.link.value, { isLive: true, since: 6000, until: 0 });
});
