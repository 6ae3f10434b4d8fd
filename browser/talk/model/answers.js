/**
 * Answers in the making, as values: their pieces, in any order, and what a fetch says of them.
 *
 * A piece is told live and never again; all up to some index stand in `answering` of the session. Shown is what has no
 * hole: a piece that comes before its turn waits for the ones before it.
 *
 * @import { Message, Stored } from "./transcript.js"
 * @typedef {{stream: string, index: number, text: string, ahead: ReadonlyMap<number, string>}} Answer
 * @typedef {{answers: readonly Answer[], over: ReadonlySet<string>}} Answers `over`: streams whose answer is stored, or void
 * @typedef {{stream: string, index: number, text: string}} Piece of an answer; or, fetched, all of it up to that index
 */

// The server's names for what it writes because of a customer's message; of an answer's next attempt a number follows.
const ABOUT = /^(?:bot|about)-(\d+)/;

/** @type {Answers} */
export const NO_ANSWERS = Object.freeze({ answers: [], over: new Set() });

/** Take a piece from an event. @param {Answers} known @param {Piece} piece @returns {Answers} */
export function takePiece(known, { stream, index, text }) {
  if (known.over.has(stream)) return known;
  const answer = answerOf(known, stream);
  if (index <= answer.index || answer.ahead.has(index)) return known;
  return withAnswer(known, joined({ ...answer, ahead: new Map(answer.ahead).set(index, text) }));
}

/** Take what a fetch says: the oldest answer that is owed, null if none is.
 * @param {Answers} known @param {Piece | null} answering @param {Answers} before what was known when it was asked for
 * @returns {Answers} */
export function takeAnswering(known, answering, before = known) {
  if (!answering) return endAnswers(known, before.answers.map(({ stream }) => stream));
  const { stream, index, text } = answering;
  if (known.over.has(stream)) return known;
  const answer = answerOf(known, stream);
  if (index < answer.index || (index === answer.index && known.answers.includes(answer))) return known;
  return withAnswer(known, joined({ ...answer, index, text }));
}

/** These are over: their message is stored, or the session has gone to people.
 * @param {Answers} known @param {readonly string[]} streams @returns {Answers} */
export function endAnswers(known, streams) {
  const ended = streams.filter((stream) => !known.over.has(stream));
  if (ended.length === 0) return known;
  return {
    answers: known.answers.filter(({ stream }) => !ended.includes(stream)),
    over: new Set([...known.over, ...ended]),
  };
}

/** All of which something is known are over. @param {Answers} known @returns {Answers} */
export const endAll = (known) => endAnswers(known, known.answers.map(({ stream }) => stream));

/** Whether a piece is missing that will not come by itself. @param {Answers} known */
export const lacksPiece = ({ answers }) => answers.some(({ ahead }) => ahead.size > 0);

/** What is shown of a stream. @param {Answers} known @param {string} stream */
export const textOf = ({ answers }, stream) => answers.find((answer) => answer.stream === stream)?.text ?? "";

/** The streams of which something is shown, in the order in which they began. @param {Answers} known */
export const shownStreams = ({ answers }) => answers.filter(({ text }) => text).map(({ stream }) => stream);

/** Whether an answer is owed, to any question since people last had the session: customers ask twice in a row.
 * @param {Answers} known @param {readonly Stored[]} stored @param {number} settled the id up to which a fetch said that none is */
export function isOwed({ answers }, stored, settled) {
  if (answers.length > 0) return true;
  /** @type {Set<number>} */
  const answered = new Set();
  for (let at = stored.length - 1; at >= 0 && stored[at].message.id > settled; at -= 1) {
    const { message } = stored[at];
    if (!Number.isInteger(message.id)) continue; // no log knows it
    const question = questionOf(message);
    if (question === null) return false;
    const isOpen = message.role === "customer" || message.ending === "interrupted";
    if (isOpen && !answered.has(question)) return true;
    if (!isOpen) answered.add(question);
  }
  return false;
}

/** The id up to which nothing is owed, as a fetch says; the oldest answer that is owed is the one it names.
 * @param {Piece | null} answering @param {readonly Message[]} messages */
export const settledBy = (answering, messages) =>
  (answering ? Number(ABOUT.exec(answering.stream)?.[1] ?? 1) - 1 : messages.at(-1)?.id ?? 0);

/** The id of the question that it is, or answers; null if it is of people, or tells that the session went to them.
 * @param {Message} message */
function questionOf({ id, role, client_id: name }) {
  if (role === "customer") return id;
  const said = role === "agent" ? null : ABOUT.exec(name ?? "");
  return said && Number(said[1]);
}

/** @param {Answers} known @param {string} stream @returns {Answer} */
const answerOf = ({ answers }, stream) =>
  answers.find((answer) => answer.stream === stream) ?? { stream, index: 0, text: "", ahead: new Map() };

/** @param {Answers} known @param {Answer} answer @returns {Answers} */
function withAnswer(known, answer) {
  const isNew = !known.answers.some(({ stream }) => stream === answer.stream);
  if (isNew) return { ...known, answers: [...known.answers, answer] };
  return { ...known, answers: known.answers.map((each) => (each.stream === answer.stream ? answer : each)) };
}

/** What waited and has its turn. @param {Answer} answer @returns {Answer} */
function joined({ stream, index, text, ahead }) {
  const waiting = new Map([...ahead].filter(([each]) => each > index));
  while (waiting.has(index + 1)) {
    index += 1;
    text += waiting.get(index);
    waiting.delete(index);
  }
  return { stream, index, text, ahead: waiting };
}
