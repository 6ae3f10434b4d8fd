/** The files of the next message: what goes along, what is refused, and late answers that change nothing. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  acceptOf, begin, EMPTY_TRAY, isBusy, MAX_FILES, nextOf, progress, putBack, remove, retry, storedIn, takeChosen, takeFault, takeOut,
  takeStored,
} from "../../browser/talk/model/uploads.js";

const LIMITS = { maxBytes: 1000, types: ["png", "pdf"] };
const file = (key, name = `${key}.png`, bytes = 10) => ({ key, name, bytes });
const attachment = (id) => ({
  id, name: `${id}.png`, type: "image/png", bytes: 9, width: 1, height: 1, url: `/f/${id}`, preview_url: null,
});
const choose = (...files) => takeChosen(EMPTY_TRAY, files, LIMITS);
const stateOf = (tray, key) => tray.uploads.find((upload) => upload.key === key)?.state;

test("what is too large or of a wrong type is refused before it is sent", () => {
  const tray = choose(file("a", "a.png", 1001), file("b", "b.exe"), file("c", "png"), file("d", "D.PNG", 1000));
  assert.deepEqual(tray.uploads.map(({ problem }) => problem), ["size", "type", "type", ""]);
  assert.deepEqual(nextOf(tray), ["d"]);
});

test("a choice offers the types that are taken, pictures also by the type for which a phone has a camera", () => {
  assert.equal(acceptOf({ maxBytes: 1, types: ["jpg", "jpeg", "pdf"] }), ".jpg,.jpeg,.pdf,image/jpeg");
});

test("no more are taken than go with a message", () => {
  const tray = choose(...Array.from({ length: MAX_FILES + 3 }, (_, at) => file(`f${at}`)));
  assert.equal(tray.uploads.length, MAX_FILES);
  assert.ok(tray.isOver);
  assert.ok(!remove(tray, "f0").isOver);
});

test("two are sent at a time, in their order", () => {
  let tray = choose(file("a"), file("b"), file("c"));
  assert.deepEqual(nextOf(tray), ["a", "b"]);
  tray = begin(begin(tray, "a"), "b");
  assert.deepEqual(nextOf(tray), []);
  assert.deepEqual(nextOf(takeStored(tray, "a", attachment("1"))), ["c"]);
});

test("progress never goes back", () => {
  const tray = progress(begin(choose(file("a")), "a"), "a", 0.6);
  assert.equal(progress(tray, "a", 0.4), tray);
  assert.equal(tray.uploads[0].sent, 0.6);
});

test("an answer for a file that is gone changes nothing", () => {
  const tray = remove(begin(choose(file("a"), file("b")), "a"), "a");
  assert.equal(takeStored(tray, "a", attachment("1")), tray);
  assert.equal(takeFault(tray, "a", { isPassing: true, message: "away" }), tray);
  assert.equal(progress(tray, "a", 1), tray);
});

test("a fault can be tried again, a refusal cannot", () => {
  const tray = begin(choose(file("a")), "a");
  const failed = takeFault(tray, "a", { isPassing: true, message: "away" });
  assert.equal(stateOf(failed, "a"), "failed");
  assert.equal(stateOf(retry(failed, "a"), "a"), "queued");
  const refused = takeFault(tray, "a", { isPassing: false, message: "a disguise" });
  assert.equal(refused.uploads[0].reason, "a disguise");
  assert.equal(retry(refused, "a"), refused);
});

test("the message waits while one is on its way", () => {
  const tray = choose(file("a"), file("b", "b.exe"));
  assert.ok(isBusy(tray) && isBusy(begin(tray, "a")));
  assert.ok(!isBusy(takeStored(begin(tray, "a"), "a", attachment("1"))));
});

test("stored files go with the message, what was refused stays", () => {
  const tray = takeStored(begin(choose(file("a"), file("b", "b.exe")), "a"), "a", attachment("1"));
  const { attachments, rest } = takeOut(tray);
  assert.deepEqual(attachments, [attachment("1")]);
  assert.deepEqual(rest.uploads.map(({ key }) => key), ["b"]);
});

test("files of a message that was taken back are there once", () => {
  const tray = putBack(putBack(choose(file("a")), [attachment("1"), attachment("2")]), [attachment("2")]);
  assert.deepEqual(storedIn(tray).map(({ id }) => id), ["1", "2"]);
  assert.equal(tray.uploads.length, 3);
});
