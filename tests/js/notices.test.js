/** System lines speak to who reads them: of one event the agent who did it, a colleague and the customer read different words. */

import assert from "node:assert/strict";
import test from "node:test";
import { noticeText as forCustomer } from "../../chatbot/static/chatbot/notices.js";
import { noticeText as forAgent } from "../../workbench/static/workbench/notices.js";

const ALICE = { id: "alice", name: "Alice" };
const line = (notice, agent = ALICE) => ({ notice, agent, content: "As stored." });

test("an agent reads of himself as You, of a colleague by name", () => {
  assert.equal(forAgent(line("taken"), "alice"), "You took over.");
  assert.equal(forAgent(line("taken"), "bob"), "Alice took over.");
  assert.equal(forAgent(line("requeued"), "bob"), "Alice handed the conversation back to the queue.");
});

test("the customer reads who has come and gone, and of himself as You", () => {
  assert.equal(forCustomer(line("taken")), "Alice has joined.");
  assert.equal(forCustomer(line("released")), "Alice has left; the assistant is here again.");
  assert.match(forCustomer(line("ended", null)), /^You have ended/);
});

test("what nobody did is told by the customer's doing", () => {
  assert.equal(forAgent(line("ended", null), "alice"), "The customer ended the conversation.");
});

test("a line that a page does not know, or that names nobody, is shown as it was stored", () => {
  for (const unknown of [line("invented"), line(null, null), line("taken", null)]) {
    assert.equal(forAgent(unknown, "alice"), "As stored.");
    assert.equal(forCustomer(unknown), "As stored.");
  }
});
