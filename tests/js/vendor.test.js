/** What is vendored is what the lock says, byte for byte. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { makeFiles } from "../../tools/vendor.mjs";

test("browser/vendor is what `node tools/vendor.mjs` writes", async () => {
  for (const [name, text] of Object.entries(await makeFiles())) {
    const kept = readFileSync(new URL(`../../browser/vendor/${name}`, import.meta.url), "utf8");
    assert.equal(kept, text, `${name}: run node tools/vendor.mjs`);
  }
});
