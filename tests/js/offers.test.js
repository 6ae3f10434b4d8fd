import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_OFFERS, endOffer, receivedBy, sentBy, takeFetched, takeOffer } from "../../workbench/static/workbench/model/offers.js";
import { ordersOf } from "./orders.mjs";

const alice = { id: "alice", name: "Alice" };
const bob = { id: "bob", name: "Bob" };
const offer = (id, fields = {}) => ({ offer_id: id, session_name: `s-${id}`, from: null, expires_at: `2026-11-28T12:00:0${id}Z`, ...fields });

test("an offer that ended stays ended, in whatever order it is told of", () => {
  const facts = [
    (offers) => takeOffer(offers, offer(1)),
    (offers) => endOffer(offers, 1),
    (offers) => takeOffer(offers, offer(1)),
  ];
  for (const order of ordersOf(facts)) {
    const known = order.reduce((offers, take) => take(offers), NO_OFFERS);
    assert.deepEqual(receivedBy(known, "alice"), []);
  }
});

test("the one that runs out first comes first", () => {
  const known = [offer(2), offer(1)].reduce(takeOffer, NO_OFFERS);
  assert.deepEqual(receivedBy(known, "alice").map(({ offer_id: id }) => id), [1, 2]);
});

test("a fetch ends what it does not have, but not what came after it was asked for", () => {
  const asked = takeOffer(NO_OFFERS, offer(1));
  const known = takeFetched(takeOffer(asked, offer(2)), [], [...asked.open.keys()]);
  assert.deepEqual([...known.open.keys()], [2]);
});

test("what an agent transfers is not offered to himself", () => {
  const known = takeOffer(NO_OFFERS, offer(1, { from: alice, to: bob }));
  assert.deepEqual(receivedBy(known, "alice"), []);
  assert.equal(sentBy(known, "alice", "s-1").to.name, "Bob");
  assert.equal(receivedBy(known, "bob").length, 1);
  assert.equal(sentBy(known, "bob", "s-1"), null);
});
