/** The link of an e-mail is handed in once, opens its conversation in this tab only, and leaves the address. */

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { knownSession, leaveLinked, openLink } from "../../chatbot/static/chatbot/link.js";

const KEY = "session";
let calls;

function storage() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

function openWith(hash, status = 200, answer = { session_name: "s-linked" }) {
  calls = [];
  globalThis.location = { hash, pathname: "/", search: "" };
  globalThis.fetch = async (path, { body }) => {
    calls.push([path, JSON.parse(body)]);
    return new Response(JSON.stringify(answer), { status });
  };
}

beforeEach(() => {
  globalThis.localStorage = storage();
  globalThis.sessionStorage = storage();
  globalThis.document = { cookie: "" };
  globalThis.gettext = (text) => text;
  globalThis.history = { replaceState: (_state, _title, address) => { globalThis.location.address = address; globalThis.location.hash = ""; } };
});

test("without a link nothing is asked", async () => {
  openWith("");
  assert.equal(await openLink(KEY), null);
  assert.deepEqual(calls, []);
});

test("a link opens its conversation in this tab, and the browser's own stays", async () => {
  openWith("#link=s-linked~ab:1:sig");
  globalThis.localStorage.setItem(KEY, "s-own");
  assert.equal(await openLink(KEY), null);
  assert.deepEqual(calls, [["/api/links", { link: "s-linked~ab:1:sig" }]]);
  assert.equal(globalThis.location.address, "/");
  assert.equal(knownSession(KEY), "s-linked");
  assert.equal(leaveLinked(KEY), true);
  assert.equal(knownSession(KEY), "s-own");
  assert.equal(leaveLinked(KEY), false);
});

test("a refused link leaves the address, and the browser's own conversation is shown", async () => {
  openWith("#link=old", 404, { error: { code: "LINK_INVALID", message: "No." } });
  globalThis.localStorage.setItem(KEY, "s-own");
  assert.equal((await openLink(KEY)).code, "LINK_INVALID");
  assert.equal(globalThis.location.hash, "");
  assert.equal(knownSession(KEY), "s-own");
});

test("while the service is away the link is kept for the next attempt", async () => {
  openWith("#link=good", 503, {});
  assert.equal((await openLink(KEY)).isPassing, true);
  assert.equal(globalThis.location.hash, "#link=good");
});
