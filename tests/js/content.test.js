/** Links and quotes are found in plain text, and nothing of the text is lost. */

import assert from "node:assert/strict";
import test from "node:test";
import { findLinks, quote, readContent } from "../../browser/talk/model/content.js";

const linksIn = (text) => findLinks(text).filter(({ href }) => href).map(({ href }) => href);

test("a URL is a link, without what the sentence puts behind it", () => {
  assert.deepEqual(linksIn("See https://example.com/a?b=c#d, or (http://example.com/x). Bye!"),
    ["https://example.com/a?b=c#d", "http://example.com/x"]);
  assert.deepEqual(linksIn("https://en.wikipedia.org/wiki/Queue_(data)"), ["https://en.wikipedia.org/wiki/Queue_(data)"]);
});

test("Chinese text or punctuation right behind a URL ends it", () => {
  assert.deepEqual(linksIn("请看https://example.com/订单，谢谢"), ["https://example.com/"]);
  assert.deepEqual(linksIn("请看 https://example.com/a，谢谢。"), ["https://example.com/a"]);
  assert.deepEqual(linksIn("请看 https://example.com/a谢谢"), ["https://example.com/a"]);
});

test("other schemes, and what only looks like one, are text", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "ftp://example.com", "https://", "xhttps://example.com"]) {
    assert.deepEqual(linksIn(text), []);
  }
});

test("the parts are the text again", () => {
  for (const text of ["", "a", "> q\n> r\nhttp://a.b/c. d", "> only a quote", "https://a.b https://c.d\n\n", "> q\n\n", ">no"]) {
    const { quote: quoted, parts } = readContent(text);
    assert.equal(quoted.map((line) => `${line}\n`).join("") + parts.map((part) => part.text).join(""), text);
  }
});

test("lines with > at the top are a quote if something follows", () => {
  assert.deepEqual(readContent("> a\n> b\nanswer").quote, ["> a", "> b"]);
  assert.deepEqual(readContent("> a").quote, []);
  assert.deepEqual(readContent("text\n> a").quote, []);
});

test("a quote is short and does not quote a quote", () => {
  assert.equal(quote("> old\nmine"), "> mine\n");
  assert.equal(quote("1\n2\n3\n4"), "> 1\n> 2\n> 3\n");
  assert.equal([...quote("字".repeat(500))].length, 200 + "> …\n".length);
});
