/** What stands below the words of the bot, and how its words grow. */

import assert from "node:assert/strict";
import test from "node:test";
import { findLinks } from "../../browser/talk/model/content.js";
import { isAddress, questionBefore, settle, tellingSources } from "../../browser/talk/model/reply.js";

const TEXTS = [
  "See https://example.com/a?b=c#d, or (http://example.com/x). Bye!",
  "请看 https://example.com/a，谢谢。还有https://example.com/订单，再见 ok",
  "one\n\ntwo https://a.example/b\nthree",
];

test("words that grow piece by piece end with the links of the whole text, and are the text at each moment", () => {
  for (const text of TEXTS) {
    let [settled, from] = [[], 0];
    for (let length = 1; length <= text.length; length += 1) {
      const [stays, rest] = settle(text.slice(from, length));
      if (stays) settled = [...settled, ...findLinks(stays)];
      from += stays.length;
      assert.equal([...settled, { text: rest }].map((part) => part.text).join(""), text.slice(0, length));
    }
    const links = [...settled, ...findLinks(text.slice(from))].filter(({ href }) => href);
    assert.deepEqual(links, findLinks(text).filter(({ href }) => href));
  }
});

const PLAIN = { title: "What are your opening hours?", url: "" };
const LINKED = { title: "Opening hours", url: "https://example.com/hours" };

test("a source without an address is told unless it is the question again", () => {
  assert.deepEqual(tellingSources([PLAIN, LINKED], "9 to 18", "what are your opening hours"), [{ ...LINKED, number: null }]);
  assert.deepEqual(tellingSources([PLAIN], "9 to 18", "do u open on sundays?"), [{ ...PLAIN, number: null }]);
  assert.deepEqual(tellingSources([{ title: "", url: "" }], "9 to 18", "?"), []);
});

test("a source that the words name has its number, and is told", () => {
  const told = tellingSources([PLAIN, LINKED], "9 to 18 [1], on Sundays too [2].", PLAIN.title);
  assert.deepEqual(told.map(({ number }) => number), [1, 2]);
});

test("an address is one of the web or of this site, never a script", () => {
  assert.deepEqual(["https://a.example", "http://a.example", "/help"].map(isAddress), [true, true, true]);
  assert.deepEqual(["javascript:alert(1)", "//evil.example", "", "help"].map(isAddress), [false, false, false, false]);
});

test("the question of an answer is what the customer wrote last before it", () => {
  const entries = [["customer", "a"], ["customer", "b"], ["bot", "c"], ["customer", "d"]].map(([role, content], index) =>
    ({ message: { id: index + 1, role, content } }));
  assert.equal(questionBefore(entries, 3), "b");
  assert.equal(questionBefore(entries, 1), "");
  assert.equal(questionBefore(entries, 9), "");
});
