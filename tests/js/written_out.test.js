/** A conversation as a text: who said what when, files by name, system lines without a name. */

import assert from "node:assert/strict";
import test from "node:test";
import { asText } from "../../workbench/static/workbench/model/written_out.js";

const entry = (extra) => ({ at: "12:00", name: "Ann", text: "Hello", files: [], ...extra });
const written = (...entries) => asText(["Conversation with Ann", "ann@example.org"], entries, (at) => at);

test("the heading, a blank line, then one entry after the other", () => {
  assert.equal(written(entry(), entry({ at: "12:01", name: "Alice", text: "Good day" })),
    "Conversation with Ann\nann@example.org\n\n[12:00] Ann: Hello\n[12:01] Alice: Good day\n");
});

test("a system line has no name", () => {
  assert.match(written(entry({ name: "", text: "You took over." })), /\n\[12:00\] You took over\.\n$/);
});

test("files stand below the words, or alone", () => {
  assert.match(written(entry({ files: ["a.pdf", "b.png"] })), /\] Ann: Hello\n📎 a\.pdf\n📎 b\.png\n$/u);
  assert.match(written(entry({ text: "", files: ["a.pdf"] })), /\] Ann: 📎 a\.pdf\n$/u);
});
