/** A transcript shows each message once, in order, without holes, whatever came first. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  addPending, EMPTY, gapOf, interrupt, isEmpty, lastIdOf, layOut, markPending, missedIn, removePending, shownOf, takeLoose,
  takeMessage, takeOlder, takePage,
} from "../../browser/talk/model/transcript.js";
import { endsOf, ordersOf } from "./orders.mjs";

const MINUTE = 60_000;

function message(id, extra = {}) {
  const createdAt = new Date(Date.UTC(2026, 10, 3, 12) + id * MINUTE).toISOString();
  return { id, role: "customer", agent: null, content: `m${id}`, created_at: createdAt, client_id: null, ...extra };
}

function page(first, last, more, extra = {}) {
  const ids = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return { messages: ids.map((id) => message(id, extra[id])), more };
}

const onItsWay = (clientId) => ({
  client_id: clientId, role: "customer", agent: null, content: "mine", created_at: message(8).created_at, state: "sending",
  reason: "",
});
const shownIds = (transcript) => shownOf(transcript).map((entry) => entry.message.id ?? entry.key);
const keys = (transcript) => layOut(shownOf(transcript)).map((row) => row.key);

test("pages, events and an own message, in any order, some twice: the same transcript", () => {
  const mine = { client_id: "a" };
  const facts = [
    (known) => takePage(known, page(3, 6, true)),
    (known) => takePage(known, page(5, 8, true, { 8: mine })),
    (known) => takeMessage(known, message(7)),
    (known) => takeMessage(known, message(8, mine)),
    (known) => takeMessage(known, message(9)),
    (known) => addPending(known, onItsWay("a")),
  ];
  const ends = endsOf(ordersOf(facts), EMPTY, (known) => [shownIds(known), known.hasMore, keys(known)]);
  assert.equal(ordersOf(facts).length, 720);
  assert.equal(ends.length, 1);
  assert.deepEqual(ends[0].slice(0, 2), [[3, 4, 5, 6, 7, 8, 9], true]);
});

test("after an interruption what is shown has no hole, whichever page comes first", () => {
  const facts = {
    early: (known) => takePage(known, page(1, 4, false), 0),
    before: (known) => takeMessage(known, message(5)),
    interrupt: (known) => (known.interruptions ? known : interrupt(known)),
    after: (known) => takeMessage(known, message(30)),
    late: (known) => takePage(known, page(27, 30, true), 1),
  };
  const inTurn = ["before", "interrupt", "after"]; // a stream has an order, and the late page was asked for after it
  const orders = ordersOf(Object.keys(facts)).filter((names) =>
    inTurn.every((name, index) => index === 0 || names.indexOf(inTurn[index - 1]) < names.indexOf(name))
    && names.indexOf("interrupt") < names.indexOf("late"));
  assert.ok(orders.length > 5);
  const ends = endsOf(orders.map((names) => names.map((name) => facts[name])), EMPTY, (known) =>
    [shownIds(known), known.hasMore]);
  assert.deepEqual(ends, [[[27, 28, 29, 30], true]]);
});

test("a page after an interruption that touches what is known keeps it", () => {
  let known = takeMessage(takePage(EMPTY, page(1, 4, false)), message(5));
  known = takePage(interrupt(known), page(5, 8, true));
  assert.deepEqual(shownIds(known), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(known.hasMore, false);
});

test("a page that was asked for before an interruption does not end it", () => {
  let known = takePage(EMPTY, page(1, 4, false));
  const asked = known.interruptions;
  known = takePage(interrupt(known), page(2, 5, true), asked);
  known = takeMessage(known, message(90));
  known = takePage(known, page(80, 90, true));
  assert.deepEqual(shownIds(known)[0], 80);
});

test("older pages join what is shown, and only there", () => {
  let known = takePage(EMPTY, page(7, 9, true));
  known = takeOlder(known, 7, page(4, 6, true));
  assert.deepEqual([shownIds(known)[0], known.hasMore], [4, true]);
  known = takeOlder(known, 7, page(1, 2, false)); // was asked for when 7 was the first
  assert.deepEqual([shownIds(known)[0], known.hasMore], [4, true]);
  known = takeOlder(known, 4, page(1, 3, false));
  assert.deepEqual([shownIds(known), known.hasMore], [[1, 2, 3, 4, 5, 6, 7, 8, 9], false]);
});

test("a message from before all that is shown is kept and not shown", () => {
  let known = takeMessage(takePage(EMPTY, page(7, 9, true)), message(3));
  assert.deepEqual(shownIds(known), [7, 8, 9]);
  known = takeOlder(known, 7, page(4, 6, true));
  known = takeOlder(known, 4, page(3, 3, false));
  assert.deepEqual(shownIds(known), [3, 4, 5, 6, 7, 8, 9]);
});

test("what was sent before anything was fetched is shown", () => {
  const known = takeMessage(addPending(EMPTY, onItsWay("a")), message(8, { client_id: "a" }));
  assert.deepEqual(shownIds(known), [8]);
});

test("a message on its way stands last, keeps its key when it is stored, and is gone when it is taken back", () => {
  let known = addPending(takePage(EMPTY, page(1, 2, false)), onItsWay("a"));
  const [, , pendingRow] = layOut(shownOf(known)).filter(({ kind }) => kind === "message");
  assert.deepEqual(shownIds(removePending(known, "a")), [1, 2]);
  known = takeMessage(known, message(3, { client_id: "a" }));
  assert.deepEqual(shownIds(known), [1, 2, 3]);
  assert.equal(layOut(shownOf(known)).at(-1).key, pendingRow.key);
  assert.equal(addPending(known, onItsWay("a")), known);
});

test("two speakers may use the same client_id", () => {
  let known = takeMessage(EMPTY, message(1, { client_id: "1" }));
  known = takeMessage(known, message(2, { client_id: "1", role: "agent", agent: { id: "alice", name: "Alice" } }));
  assert.equal(new Set(keys(known)).size, 3);
});

test("the state of a message on its way changes, and what says nothing new is the same object", () => {
  const known = markPending(addPending(EMPTY, onItsWay("a")), "a", "failed", "too long");
  assert.deepEqual([known.pending[0].message.state, known.pending[0].message.reason], ["failed", "too long"]);
  assert.equal(markPending(known, "a", "failed", "too long"), known);
  assert.equal(markPending(known, "b", "failed"), known);
  const page3 = page(1, 3, false);
  const fetched = takePage(known, page3);
  assert.equal(takeMessage(fetched, page3.messages[2]).stored, fetched.stored);
});

test("a message that no log knows stands where it came", () => {
  let known = takePage(EMPTY, page(1, 2, false));
  known = takeLoose(takeLoose(known, { role: "agent", content: "foreign", created_at: message(2).created_at }), message(2));
  known = takeMessage(known, message(3));
  assert.deepEqual(shownIds(known).map(Math.floor), [1, 2, 2, 2, 3]);
  assert.equal(lastIdOf(known), 3);
});

test("rows begin a day, begin a group after five minutes or with another speaker", () => {
  const bot = { role: "bot" };
  const messages = [message(1), message(2), message(4, bot), message(9, bot), message(15, bot), message(16, { role: "system" })];
  const rows = layOut(shownOf(takePage(EMPTY, { messages, more: false })));
  assert.deepEqual(rows.map((row) => row.kind), ["day", "message", "message", "message", "message", "message", "notice"]);
  assert.deepEqual(rows.map((row) => row.startsGroup), [false, true, false, true, true, true, true]);
});

test("rows keep their identity when one is added", () => {
  const known = takePage(EMPTY, page(1, 200, false));
  const before = layOut(shownOf(known));
  const after = layOut(shownOf(takeMessage(known, message(201))), before);
  assert.equal(after.length, before.length + 1);
  assert.ok(before.every((row, index) => row === after[index]));
});

test("a transcript is empty until something stands in it", () => {
  assert.ok(isEmpty(EMPTY));
  assert.ok(!isEmpty(addPending(EMPTY, onItsWay("a"))));
  assert.ok(isEmpty(takePage(EMPTY, { messages: [], more: false })));
});

test("after a reset a live message does not stand as if nothing were missing, until a page has come", () => {
  const kinds = (known) => layOut(shownOf(known), [], { gap: gapOf(known) }).map(({ kind, entry }) => `${kind} ${entry.message.id}`);
  let known = takeMessage(interrupt(takePage(EMPTY, page(1, 2, false))), message(9));
  known = takeMessage(known, message(10));
  assert.deepEqual(kinds(known), ["day 1", "message 1", "message 2", "gap 9", "message 9", "message 10"]);
  known = takePage(known, page(1, 10, false));
  assert.ok(kinds(known).every((kind) => !kind.startsWith("gap")));
});

test("a day that begins twice, because clocks differ, has two rows of its own", () => {
  const days = [0, 24 * 60, 0].map((minutes, index) =>
    message(index + 1, { created_at: new Date(Date.UTC(2026, 10, 3, 12) + minutes * MINUTE).toISOString() }));
  const rows = layOut(shownOf(takePage(EMPTY, { messages: days, more: false })));
  assert.deepEqual(rows.map(({ kind }) => kind), ["day", "message", "day", "message", "day", "message"]);
  assert.equal(new Set(rows.map(({ key }) => key)).size, 6);
});

test("what others wrote while the stream was away stands below a divider, what came after it is not counted", () => {
  const agent = { role: "agent", agent: { id: "alice", name: "Alice" } };
  const extra = { 3: agent, 5: agent, 6: agent };
  const known = takePage(EMPTY, page(1, 6, false, extra));
  const absence = { after: 2, until: Date.parse(message(6).created_at) };
  const missed = missedIn(known, absence, ["agent", "bot"]);
  assert.deepEqual(missed, { count: 2, from: 3 });
  const rows = layOut(shownOf(known), [], { missedFrom: missed.from });
  assert.deepEqual(rows.map(({ kind }) => kind), ["day", "message", "message", "missed", ...Array(4).fill("message")]);
  assert.equal(missedIn(known, null, ["agent"]).count, 0);
});
