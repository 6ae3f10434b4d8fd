/** Receipts only grow, whatever comes first; what does not get through is told later. */

import assert from "node:assert/strict";
import test from "node:test";
import { ReceiptSender } from "../../browser/net/receipts.js";
import { markOf, NO_RECEIPT, takeReceipt } from "../../browser/talk/model/receipts.js";
import { endsOf, ordersOf } from "./orders.mjs";

const WAITS = { gatherMs: 1, retryMs: 5 };

/** A server that answers these statuses in turn, then 204; resolves when it has been called that often. */
function serve(statuses, calls) {
  const bodies = [];
  return new Promise((resolve) => {
    globalThis.document = { cookie: "" };
    globalThis.fetch = async (_path, { body }) => {
      bodies.push(JSON.parse(body));
      if (bodies.length === calls) setTimeout(() => resolve(bodies), 20);
      return new Response(null, { status: statuses.shift() ?? 204 });
    };
  });
}

test("fetches and events in any order, some twice: the same receipt, and what is seen was delivered", () => {
  const facts = [{ delivered: 3, seen: null }, { delivered: 8, seen: 2 }, { seen: 9 }, undefined]
    .map((fact) => (known) => takeReceipt(known, fact));
  const ends = endsOf(ordersOf(facts), NO_RECEIPT, (known) => known);
  assert.deepEqual(ends, [{ delivered: 9, seen: 9 }]);
});

test("a mark says how far a message has come", () => {
  const receipt = { delivered: 5, seen: 3 };
  assert.deepEqual([3, 4, 6].map((id) => markOf(receipt, id)), ["seen", "delivered", "sent"]);
});

test("several messages are one call, and what is seen implies that it was delivered", async () => {
  const told = serve([], 1);
  const sender = new ReceiptSender("/receipts", WAITS);
  [1, 2, 3].forEach((id) => sender.tell({ delivered: id }));
  sender.tell({ seen: 3 });
  assert.deepEqual(await told, [{ seen: 3 }]);
});

test("what the server knows is not told again, nor what is older", async () => {
  const told = serve([], 1);
  const sender = new ReceiptSender("/receipts", WAITS);
  sender.takeTold({ delivered: 5, seen: 5 });
  sender.tell({ seen: 4 });
  sender.tell({ delivered: 6 });
  assert.deepEqual(await told, [{ delivered: 6 }]);
});

test("after an outage it is told with what came meanwhile", async () => {
  const told = serve([503], 2);
  const sender = new ReceiptSender("/receipts", WAITS);
  sender.tell({ delivered: 1 });
  setTimeout(() => sender.tell({ delivered: 2, seen: 1 }), 3);
  const bodies = await told;
  assert.deepEqual(bodies[0], { delivered: 1 });
  assert.deepEqual(bodies.at(-1), { seen: 1, delivered: 2 });
});

test("what is refused is not tried for ever", async () => {
  const told = serve([403, 403, 403], 1);
  const sender = new ReceiptSender("/receipts", WAITS);
  sender.tell({ seen: 1 });
  assert.equal((await told).length, 1);
});
