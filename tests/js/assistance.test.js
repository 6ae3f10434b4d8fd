/** What an agent may want help with: which message waits for him, and which is in another language. */

import assert from "node:assert/strict";
import test from "node:test";
import { languageOf, unansweredId } from "../../workbench/static/workbench/model/assistance.js";

const entry = (role, id) => ({ message: { role, id } });

test("the customer's last message waits until an agent answers, whatever the bot and the system say", () => {
  assert.equal(unansweredId([]), null);
  assert.equal(unansweredId([entry("customer", 1), entry("customer", 2)]), 2);
  assert.equal(unansweredId([entry("customer", 1), entry("bot", 2), entry("system", 3)]), 1);
  assert.equal(unansweredId([entry("customer", 1), entry("agent", 2)]), null);
  assert.equal(unansweredId([entry("agent", 1), entry("customer", 2)]), 2);
});

test("an answer that is on its way is one", () => {
  assert.equal(unansweredId([entry("customer", 1), entry("agent", undefined)]), null);
});

test("the language of a text is that of most of its words", () => {
  const texts = {
    "Where is my parcel?": "en",
    "我的包裹在哪里？": "zh-hans",
    "我的 iPhone 在哪里？": "zh-hans",
    "How do you say 你好 in a letter?": "en",
    "Où est mon colis ?": "en", // in Latin letters: nobody can tell
    "注文はどこですか": "other",
    "내 소포가 어디에 있나요?": "other",
    "Где моя посылка?": "other",
  };
  for (const [text, language] of Object.entries(texts)) assert.equal(languageOf(text), language, text);
});

test("what has no words has no language", () => {
  for (const text of ["", "👍", "42.50", "https://shop.example.com/orders", "anna@example.com", "A"]) assert.equal(languageOf(text), null, text);
});
