/** Messages on their way: in order, none twice, none lost with a reload. */

import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { Outbox } from "../../browser/net/outbox.js";
import { makeStorage } from "./as_served.mjs";

const PATH = "/api/sessions/s-1/messages";

/** Answers of the server: each call takes the next one. */
let answers = [];
let posted = [];

const opened = [];

afterEach(() => opened.splice(0).forEach((outbox) => outbox.stop())); // what waits is not tried again

beforeEach(() => {
  answers = [];
  posted = [];
  globalThis.document = { cookie: "" };
  globalThis.localStorage = makeStorage();
  globalThis.fetch = async (_path, { body }) => {
    posted.push(JSON.parse(body).content);
    const answer = answers.shift() ?? { status: 201 };
    if (answer === "unreachable") throw new TypeError("no connection");
    return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status, headers: answer.headers ?? {} });
  };
});

/** An outbox that notes what it calls back; `calls` resolves once there are that many. */
function makeOutbox() {
  const calls = [];
  let wanted = null;
  const note = (name) => (item) => {
    calls.push(`${name} ${item.content}`);
    if (wanted && calls.length >= wanted.count) wanted.resolve(calls);
  };
  const names = ["onSending", "onDelayed", "onStored", "onFailed"];
  const outbox = new Outbox(PATH, "outbox", Object.fromEntries(names.map((name) => [name, note(name)])));
  opened.push(outbox);
  const until = (count) => new Promise((resolve) => {
    wanted = { count, resolve };
    if (calls.length >= count) resolve(calls);
  });
  return { outbox, until };
}

test("messages are posted in the order they were written", async () => {
  const { outbox, until } = makeOutbox();
  ["one", "two", "three"].forEach((content) => outbox.put(content));
  await until(9); // each is shown, sent, stored
  assert.deepEqual(posted, ["one", "two", "three"]);
  assert.deepEqual(Object.keys(localStorage), []);
});

test("one that gets no answer stops those behind it", async () => {
  answers = ["unreachable"];
  const { outbox, until } = makeOutbox();
  outbox.put("one");
  outbox.put("two");
  const calls = await until(5);
  assert.deepEqual(calls.slice(-2), ["onFailed one", "onFailed two"]);
  assert.deepEqual(posted, ["one"]);
  assert.equal(Object.keys(localStorage).length, 2);
});

test("one that is refused lets the others pass", async () => {
  answers = [{ status: 403, body: { error: { code: "NOT_ASSIGNEE" } } }];
  const { outbox, until } = makeOutbox();
  outbox.put("one");
  outbox.put("two");
  const calls = await until(6);
  assert.ok(calls.includes("onFailed one"));
  assert.ok(calls.includes("onStored two"));
  assert.deepEqual(outbox.items.map(({ content }) => content), ["one"]);
});

test("what a reload finds is sent in the order it was written", async () => {
  const kept = (id, content, writtenAt) => JSON.stringify({ client_id: id, content, written_at: writtenAt });
  const items = { "outbox:b": kept("b", "later", 2), "outbox:a": kept("a", "earlier", 1), other: "x" };
  globalThis.localStorage = makeStorage(items);
  const { outbox, until } = makeOutbox();
  outbox.flush();
  await until(4);
  assert.deepEqual(posted, ["earlier", "later"]);
  assert.deepEqual(Object.keys(localStorage), ["other"]);
});

test("one that is limited waits as long as the server says, and says so", async () => {
  answers = [{ status: 429, headers: { "Retry-After": "0.01" } }];
  const { outbox, until } = makeOutbox();
  outbox.put("one");
  const calls = await until(4);
  assert.deepEqual(calls, ["onSending one", "onSending one", "onDelayed one", "onStored one"]);
});

test("one that is taken back is not sent", () => {
  answers = ["unreachable"];
  const { outbox } = makeOutbox();
  outbox.put("one");
  outbox.put("two");
  const [, { client_id: second }] = outbox.items;
  assert.equal(outbox.remove(second).content, "two");
  assert.equal(outbox.remove(second), undefined);
});

test("a message keeps its files over a reload and posts their ids", async () => {
  answers = ["unreachable"];
  const first = makeOutbox();
  first.outbox.put("", [{ id: "f1", name: "one.png" }]);
  await first.until(3); // shown, sent, failed
  const bodies = [];
  globalThis.fetch = async (_path, { body }) => {
    bodies.push(JSON.parse(body));
    return new Response("{}", { status: 201 });
  };
  const { outbox, until } = makeOutbox();
  assert.deepEqual(outbox.items.map(({ attachments }) => attachments), [[{ id: "f1", name: "one.png" }]]);
  outbox.flush();
  await until(2);
  assert.deepEqual(bodies.map(({ content, attachments }) => [content, attachments]), [["", ["f1"]]]);
});
