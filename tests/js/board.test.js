/** The board says the same of a session, whatever came first. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  emptyBoard, isMine, mineOf, queueOf, takeCustomer, takeMessage, takeQueue, takeRead, takeRequest, takeServed, takeSession, takeStatus,
  unansweredSince, unreadOf, unreadTotalOf, waitingSince, waitingVersions,
} from "../../workbench/static/workbench/model/board.js";
import { endsOf, ordersOf } from "./orders.mjs";

const ALICE = { id: "alice", name: "Alice" };
const BOB = { id: "bob", name: "Bob" };
const at = (seconds) => Date.UTC(2026, 10, 3, 12, 0, seconds);
const iso = (seconds) => new Date(at(seconds)).toISOString();

const status = (version, name, agent = null) => (board) =>
  takeStatus(board, { session_name: "s", version, status: name, agent }, at(version));
const message = (id, content, extra = {}) => (board) =>
  takeMessage(board, { id, session_name: "s", role: "customer", content, created_at: iso(10 + id), ...extra });
const requestAt = (seconds, reason = "Refund") => (board) =>
  takeRequest(board, { session_name: "s", reason, last_message: "A human, please" }, at(seconds));
const fetched = (version, state = {}) => (board) => takeSession(board, {
  session_name: "s", version, status: "manual_live", agent: ALICE, reason: "Refund", customer: { name: "Emma", email: "" },
  created_at: iso(0), last_message: "two", last_activity_at: iso(12), waiting_since: null, position: "p", ...state,
});
const item = (name, version, since, extra = {}) => ({
  session_name: name, version, position: 1, waiting_seconds: 5, waiting_since: iso(since), reason: "", last_message: "hi", ...extra,
});
const show = (board) => {
  const session = board.sessions.get("s");
  const waits = [waitingSince(session), unansweredSince(board, "s")];
  return [session.status, session.agent, session.reason, session.last_message, ...waits, unreadOf(board, "s")];
};

test("changes, a request, messages and what was read, in any order, some twice: the same board", () => {
  const facts = [
    status(1, "pending_manual"), requestAt(1), status(2, "manual_live", ALICE), message(1, "one"), message(2, "two"),
    (board) => takeRead(board, "s", 1, at(11)), fetched(2, { unread: 1, unanswered_since: iso(1) }),
  ];
  assert.equal(ordersOf(facts).length, 5040);
  assert.deepEqual(endsOf(ordersOf(facts), emptyBoard("alice"), show), [["manual_live", ALICE, "Refund", "two", at(1), at(1), 1]]);
});

test("a customer who waits again, in any order: the later request is right", () => {
  const facts = [
    requestAt(1, "first"), status(1, "pending_manual"), status(2, "bot_active"), requestAt(30, "second"),
    status(3, "pending_manual"),
  ];
  const ends = endsOf(ordersOf(facts), emptyBoard("alice"), (board) => show(board).slice(0, 3).concat(show(board)[4]));
  assert.deepEqual(ends, [["pending_manual", null, "second", at(30)]]);
});

test("a message that comes before its session is the agent's is counted once it is", () => {
  const board = message(1, "early")(emptyBoard("alice"));
  assert.equal(unreadOf(board, "s"), 0);
  assert.equal(unreadOf(status(1, "manual_live", ALICE)(board), "s"), 1);
  assert.equal(unreadTotalOf(status(1, "manual_live", BOB)(board)), 0);
});

test("what the agent and the bot write is not unread, and the bot's words are no preview", () => {
  let board = status(1, "manual_live", ALICE)(emptyBoard("alice"));
  board = message(2, "I am a bot", { role: "bot" })(message(1, "mine", { role: "agent" })(board));
  assert.deepEqual([unreadOf(board, "s"), board.sessions.get("s").last_message], [0, "mine"]);
  assert.equal(board.sessions.get("s").active_at, at(12));
});

test("who is not in the fetched queue does not wait", () => {
  const known = takeQueue(emptyBoard("alice"), [item("s", 1, 1), item("t", 1, 2)], new Map());
  assert.deepEqual(queueOf(known).map((session) => session.session_name), ["s", "t"]);
  const board = takeQueue(known, [item("t", 1, 2)], waitingVersions(known));
  assert.deepEqual(queueOf(board).map((session) => session.session_name), ["t"]);
});

test("who began to wait while the queue was fetched goes on waiting", () => {
  const asked = waitingVersions(emptyBoard("alice"));
  const board = takeQueue(status(1, "pending_manual")(emptyBoard("alice")), [], asked);
  assert.equal(queueOf(board).length, 1);
});

test("who was taken and waits again while the queue was fetched goes on waiting", () => {
  const before = status(1, "pending_manual")(emptyBoard("alice"));
  const again = status(3, "pending_manual")(status(2, "manual_live", BOB)(before));
  assert.equal(queueOf(takeQueue(again, [], waitingVersions(before))).length, 1);
});

test("an old queue does not bring back who was taken", () => {
  const board = takeQueue(status(2, "manual_live", ALICE)(emptyBoard("alice")), [item("s", 1, 1)], new Map());
  assert.ok(isMine(board, board.sessions.get("s")));
});

test("a request of another program alone is a customer who waits", () => {
  assert.equal(queueOf(requestAt(1)(emptyBoard("alice"))).length, 1);
});

test("the queue is sorted by waiting, own sessions by activity", () => {
  let board = takeQueue(emptyBoard("alice"), [item("late", 1, 9), item("early", 1, 3)], new Map());
  assert.deepEqual(queueOf(board).map((session) => session.session_name), ["early", "late"]);
  for (const [name, seconds] of [["a", 1], ["b", 2]]) {
    board = fetched(1, { session_name: name, last_activity_at: iso(seconds) })(board);
  }
  assert.deepEqual(mineOf(board).map((session) => session.session_name), ["b", "a"]);
});

test("who is more urgent comes first, of equals who waits longest", () => {
  const sorted = (name, seconds, priority) => ({
    session_name: name, version: 2, waiting_since: `2026-01-01T00:00:${seconds}Z`, priority, labels: [],
  });
  const items = [sorted("low", "01", "low"), sorted("new", "09", "normal"), sorted("old", "02", "normal"), sorted("urgent", "30", "urgent")];
  const board = takeQueue(emptyBoard("alice"), items, new Map());
  assert.deepEqual(queueOf(board).map((session) => session.session_name), ["urgent", "old", "new", "low"]);
});

test("a request tells how it was sorted, and what it does not tell stays", () => {
  const told = { session_name: "s", question: "?", priority: "high", labels: ["refund"] };
  const board = takeRequest(emptyBoard("alice"), told, 1);
  const again = takeRequest(board, { session_name: "s", question: "!" }, 2).sessions.get("s");
  assert.deepEqual([again.priority, again.labels, again.question], ["high", ["refund"], "!"]);
});

test("a request tells who asks, and an older one does not tell it again", () => {
  const asks = (name, since) => (board) => takeRequest(board, { session_name: "s", customer: { name, email: "" } }, since);
  const board = asks("Emma Lee", 2)(asks("Emma", 1)(emptyBoard("alice")));
  assert.equal(board.sessions.get("s").customer.name, "Emma Lee");
  assert.equal(asks("Emma", 1)(board), board);
});

test("what says nothing new gives the same board", () => {
  const board = message(1, "one")(fetched(2)(requestAt(1)(emptyBoard("alice"))));
  for (const fact of [fetched(2), requestAt(1), message(1, "one"), status(1, "closed")]) assert.equal(fact(board), board);
});

test("what the server counted and what came after it, in any order, is unread once", () => {
  const facts = [
    fetched(2, { unread: 2, unanswered_since: iso(11), last_activity_at: iso(12) }), message(1, "one"), message(2, "two"),
    message(3, "three"), message(4, "four"),
  ];
  const ends = endsOf(ordersOf(facts), emptyBoard("alice"), (board) => [unreadOf(board, "s"), unansweredSince(board, "s")]);
  assert.deepEqual(ends, [[4, at(11)]]);
});

test("an answer ends the waiting, the next question begins it anew", () => {
  const facts = [
    fetched(2, { unread: 0, unanswered_since: iso(1) }), message(5, "answer", { role: "agent" }), message(6, "again"),
    message(7, "and again"),
  ];
  const ends = endsOf(ordersOf(facts), emptyBoard("alice"), (board) => unansweredSince(board, "s"));
  assert.deepEqual(ends, [at(16)]);
});

test("what was read on another computer is read here, in any order", () => {
  const facts = [
    fetched(2, { unread: 2, last_activity_at: iso(12) }), message(3, "three"), (board) => takeRead(board, "s", 2, at(12)),
    fetched(2, { unread: 0, last_activity_at: iso(12) }),
  ];
  assert.deepEqual(endsOf(ordersOf(facts), emptyBoard("alice"), (board) => unreadOf(board, "s")), [1]);
});

test("own sessions: who waits for an answer first and longest first, then the answered", () => {
  let board = emptyBoard("alice");
  for (const [name, unanswered] of [["new", 9], ["answered", null], ["old", 3]]) {
    const since = unanswered && iso(unanswered);
    board = fetched(2, { session_name: name, unread: 0, unanswered_since: since, last_activity_at: iso(12) })(board);
  }
  assert.deepEqual(mineOf(board).map((session) => session.session_name), ["old", "new", "answered"]);
});

test("a preview says who wrote it, also after the same words were fetched", () => {
  const facts = [message(2, "it  left\ntoday", { role: "agent" }), fetched(2, { last_message: "it left today", last_activity_at: iso(13) })];
  const board = facts.reduce((state, fact) => fact(state), emptyBoard("alice"));
  const { last_message: words, previewed_role: role } = board.sessions.get("s");
  assert.deepEqual([words, role], ["it left today", "agent"]);
});

test("a part of a long queue lets nobody stop waiting", () => {
  const known = takeQueue(emptyBoard("alice"), [item("s", 1, 1)], new Map());
  assert.equal(queueOf(takeQueue(known, [], waitingVersions(known), false)).length, 1);
});

test("a customer who goes, comes back and says who they are is shown as such", () => {
  const facts = [fetched(2, { customer_online: true }), (board) => takeCustomer(board, { session_name: "s", customer_online: false })];
  const gone = facts.reduce((board, take) => take(board), emptyBoard("alice"));
  assert.equal(gone.sessions.get("s").customer_online, false);
  const named = takeCustomer(gone, { session_name: "s", customer: { name: "Ann", email: "ann@example.com" } });
  assert.deepEqual([named.sessions.get("s").customer.name, named.sessions.get("s").customer_online], ["Ann", false]);
});

test("who asks for a human is here, unless somebody said that they went", () => {
  const gone = (board) => takeCustomer(board, { session_name: "s", customer_online: false });
  assert.equal(requestAt(1)(emptyBoard("alice")).sessions.get("s").customer_online, true);
  for (const facts of ordersOf([requestAt(1), gone])) {
    assert.equal(facts.reduce((board, take) => take(board), emptyBoard("alice")).sessions.get("s").customer_online, false);
  }
});

test("who waits for a team that the agent does not serve is not in the queue", () => {
  const asks = (name, id) => (board) => takeRequest(board, { session_name: name, team: { id, name: `team ${id}` } }, 1);
  const board = asks("ours", 2)(asks("theirs", 1)(takeServed(emptyBoard("alice"), [2])));
  assert.deepEqual(queueOf(board).map((session) => session.session_name), ["ours"]);
});

test("an answer that an event has overtaken does not take back what the customer said", () => {
  const asked = emptyBoard("alice").tellings;
  const told = takeCustomer(emptyBoard("alice"), { session_name: "s", customer: { name: "Ann", email: "" } });
  const stale = { ...item("s", 1, 1), status: "manual_live", customer: { name: "", email: "" } };
  assert.equal(takeSession(told, stale, asked).sessions.get("s").customer.name, "Ann");
  assert.equal(takeSession(told, { ...stale, customer: { name: "Bea", email: "" } }, told.tellings).sessions.get("s").customer.name, "Bea");
});
