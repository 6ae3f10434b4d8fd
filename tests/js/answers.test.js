/** An answer is shown while it is made, without holes, whatever comes first, and is over when its message is there. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  endAll, endAnswers, isOwed, lacksPiece, NO_ANSWERS, settledBy, shownStreams, takeAnswering, takePiece, textOf,
} from "../../browser/talk/model/answers.js";
import { endsOf, ordersOf } from "./orders.mjs";

const PIECES = ["Your ", "parcel ", "is ", "on its ", "way."];
const piece = (index, stream = "bot-1") => (known) => takePiece(known, { stream, index, text: PIECES[index - 1] });
const pieces = (...indexes) => indexes.map((index) => piece(index));
const upTo = (index, stream = "bot-1") => ({ stream, index, text: PIECES.slice(0, index).join("") });
const play = (...facts) => facts.reduce((known, fact) => fact(known), NO_ANSWERS);
const show = (known) => [textOf(known, "bot-1"), shownStreams(known), lacksPiece(known)];

test("pieces and what a fetch says, in any order, some twice: the whole text", () => {
  const facts = [...pieces(1, 2, 3, 4, 5), (known) => takeAnswering(known, upTo(3))];
  assert.deepEqual(endsOf(ordersOf(facts), NO_ANSWERS, show), [[PIECES.join(""), ["bot-1"], false]]);
});

test("pieces that nobody got are in what a fetch says, in any order", () => {
  const facts = [...pieces(2, 4, 5), (known) => takeAnswering(known, upTo(3))];
  assert.deepEqual(endsOf(ordersOf(facts), NO_ANSWERS, show), [[PIECES.join(""), ["bot-1"], false]]);
});

test("what is shown never has a hole, in no order", () => {
  for (const order of ordersOf([...pieces(1, 2, 3, 4), (known) => takeAnswering(known, upTo(2))])) {
    let known = NO_ANSWERS;
    for (const fact of order) {
      known = fact(known);
      assert.ok(PIECES.join("").startsWith(textOf(known, "bot-1")));
    }
  }
});

test("a missing piece is noticed, until a fetch has brought it", () => {
  const known = play(...pieces(1, 3));
  assert.deepEqual([textOf(known, "bot-1"), lacksPiece(known)], ["Your ", true]);
  assert.deepEqual(show(takeAnswering(known, upTo(2))), ["Your parcel is ", ["bot-1"], false]);
});

test("the message ends its answer, in any order: no late piece or fetch brings it back", () => {
  const facts = [...pieces(1, 2, 3), (known) => takeAnswering(known, upTo(2)), (known) => endAnswers(known, ["bot-1"])];
  assert.deepEqual(endsOf(ordersOf(facts), NO_ANSWERS, show), [["", [], false]]);
});

test("after an interruption the second answer stands alone, in any order", () => {
  const facts = [
    piece(1), piece(2), (known) => endAnswers(known, ["bot-1"]), piece(1, "bot-1-2"), piece(2, "bot-1-2"),
    (known) => takeAnswering(known, upTo(1, "bot-1-2")),
  ];
  const ends = endsOf(ordersOf(facts), NO_ANSWERS, (known) => [shownStreams(known), textOf(known, "bot-1-2")]);
  assert.deepEqual(ends, [[["bot-1-2"], "Your parcel "]]);
});

test("people end what is being made, and what comes of it later is not shown", () => {
  const known = endAll(play(piece(1), piece(1, "bot-2")));
  assert.deepEqual(shownStreams(piece(2)(known)), []);
});

test("a fetch that knows of no answer ends those that were known when it was asked for, and no other", () => {
  const before = play(piece(1));
  const known = takeAnswering(piece(1, "bot-2")(before), null, before);
  assert.deepEqual(shownStreams(known), ["bot-2"]);
  assert.deepEqual(shownStreams(piece(2)(known)), ["bot-2"]);
});

test("two answers at once stand in the order in which they began, and each ends by itself", () => {
  const known = play(piece(1), piece(1, "bot-2"), piece(2));
  assert.deepEqual(shownStreams(known), ["bot-1", "bot-2"]);
  assert.deepEqual(shownStreams(endAnswers(known, ["bot-2"])), ["bot-1"]);
});

test("what says nothing new is the same object", () => {
  const known = play(...pieces(1, 2));
  assert.equal(piece(2)(known), known);
  assert.equal(takeAnswering(known, upTo(2)), known);
  assert.equal(takeAnswering(known, upTo(1)), known);
  assert.equal(takeAnswering(NO_ANSWERS, null), NO_ANSWERS);
  assert.equal(endAnswers(endAll(known), ["bot-1"]).answers.length, 0);
});

const asked = (id) => ({ id, role: "customer", client_id: `c-${id}` });
const answered = (id, question, more = {}) => ({ id, role: "bot", client_id: `bot-${question}`, ...more });
const owes = (messages, settled = 0, known = NO_ANSWERS) => isOwed(known, messages.map((message) => ({ message })), settled);

test("an answer is owed to a question, and after an interruption, until a fetch says that it is not", () => {
  assert.ok(owes([asked(7)]));
  assert.ok(!owes([asked(7)], 7));
  assert.ok(!owes([{ ...asked(7), id: 7.000001 }])); // which no log knows
  assert.ok(owes([asked(9)], 7));
  assert.ok(!owes([asked(7), answered(8, 7)]));
  assert.ok(!owes([]));
  assert.ok(owes([answered(8, 7, { ending: "interrupted" })]));
  assert.ok(!owes([asked(7), answered(8, 7, { ending: "interrupted" }), answered(9, "7-2")]));
  assert.ok(owes([asked(7), answered(8, 7)], 0, takeAnswering(NO_ANSWERS, { stream: "bot-7", index: 0, text: "" })));
});

test("of two questions in a row the second is owed an answer when the first one has got its own", () => {
  const questions = [asked(7), asked(8)];
  assert.ok(owes([...questions, answered(9, 7)]));
  assert.ok(owes([...questions, answered(9, 7), answered(10, 8, { ending: "interrupted" })]));
  assert.ok(!owes([...questions, answered(9, 7), answered(10, 8)]));
  assert.ok(!owes([...questions, { id: 9, role: "system", client_id: "about-8" }, answered(10, 7)]));
});

test("what was asked before people had the session is owed no answer of the bot's", () => {
  assert.ok(!owes([asked(7), { id: 8, role: "agent", client_id: "bot-7" }]));
  assert.ok(!owes([asked(7), { id: 8, role: "system", client_id: "version-3" }, asked(9), answered(10, 9)]));
});

test("a fetch settles what was asked before the oldest answer that is owed", () => {
  assert.equal(settledBy(null, [asked(7)]), 7);
  assert.equal(settledBy(null, []), 0);
  assert.equal(settledBy({ stream: "bot-7-2", index: 0, text: "" }, [asked(7), asked(8)]), 6);
});
