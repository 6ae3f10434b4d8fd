/** Pictures have a place before they are loaded, files say what they are. */

import assert from "node:assert/strict";
import test from "node:test";
import { boxOf, formatBytes, isPicture, kindOf, previewOf } from "../../browser/talk/model/attachments.js";

const picture = { id: 1, name: "a.PNG", type: "image/png", bytes: 10, width: 4000, height: 3000, url: "/a", preview_url: "/a/preview" };

test("a picture is drawn whole, smaller if need be and never larger", () => {
  assert.deepEqual(boxOf(picture), { width: 320, height: 240 });
  assert.deepEqual(boxOf({ ...picture, width: 100, height: 50 }), { width: 100, height: 50 });
  assert.deepEqual(boxOf({ ...picture, width: 10000, height: 1 }), { width: 320, height: 1 });
  assert.deepEqual(boxOf({ ...picture, width: 300, height: 2400 }), { width: 30, height: 240 });
});

test("what has no preview or no size is a file", () => {
  assert.ok(isPicture(picture));
  for (const change of [{ preview_url: null }, { width: null }, { type: "application/pdf" }]) {
    assert.ok(!isPicture({ ...picture, ...change }));
  }
});

test("a file says its kind and its size", () => {
  assert.equal(kindOf(picture), "PNG");
  assert.equal(kindOf({ ...picture, name: "no extension" }), "");
  assert.deepEqual([900, 20_480, 1_572_864].map((bytes) => formatBytes(bytes, "en")), ["1 kB", "20 kB", "1.5 MB"]);
});

test("a preview names the files, also where nothing was written", () => {
  assert.equal(previewOf({ content: "See", attachments: [picture, { ...picture, name: "b.pdf" }] }), "See \u{1F4CE} a.PNG, b.pdf");
  assert.equal(previewOf({ content: "", attachments: [picture] }), "\u{1F4CE} a.PNG");
  assert.equal(previewOf({ content: "Only words" }), "Only words");
});
