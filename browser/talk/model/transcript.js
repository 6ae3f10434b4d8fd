/**
 * The messages of one conversation, as values: each once, in the order of their ids, without holes.
 *
 * They come from pages that were fetched and from events, in any order. All of them are kept; shown is what is complete:
 * from the message `from` on nothing is missing. A page reaches from its first message to its last. Events reach on from
 * there as long as nothing interrupted them. A newer page that does not touch what is known begins anew.
 *
 * @import { Agent } from "./session.js"
 * @import { Attachment } from "./attachments.js"
 * @typedef {"customer" | "agent" | "bot" | "system"} Role
 * @typedef {"sending" | "delayed" | "waiting" | "failed" | "growing"} State of a message that is on its way; of an answer, that
 *   it is being made
 * @typedef {{id: number, role: Role, agent?: Agent | null, content: string, created_at: string,
 *   client_id?: string | null, attachments?: Attachment[], notice?: string | null, ending?: string | null}} Message
 * @typedef {{client_id: string, role: Role, agent?: Agent | null, content: string, created_at: string, state: State,
 *   reason: string, id?: undefined, attachments?: Attachment[]}} Pending
 * @typedef {{key: string, at: number, day: string, message: Message}} Stored
 * @typedef {{key: string, at: number, day: string, message: Pending}} OnItsWay
 * @typedef {Stored | OnItsWay} Entry
 * @typedef {{
 *   stored: readonly Stored[],
 *   pending: readonly OnItsWay[],
 *   from: number,
 *   to: number,
 *   heard: number,
 *   isInterrupted: boolean,
 *   interruptions: number,
 *   hasMore: boolean,
 * }} Transcript
 * @typedef {{messages: Message[], more: boolean}} Page
 * @typedef {{after: number, until: number}} Absence the last id before the stream was lost; when it came back, in ms
 * @typedef {{gap?: number, missedFrom?: number}} Marks ids: after which something is missing, from which it was missed
 * @typedef {{key: string, kind: "day" | "message" | "notice" | "gap" | "missed", entry: Entry, startsGroup: boolean}} Row
 */

const GROUP_GAP_MS = 5 * 60 * 1000;
const LOOSE_STEP = 1e-6; // ids are whole numbers: this stands behind the last one and before the next

/** @type {Transcript} */
export const EMPTY = Object.freeze({
  stored: [],
  pending: [],
  from: Infinity, // nothing was fetched
  to: 0,
  heard: 0,
  isInterrupted: false,
  interruptions: 0,
  hasMore: false,
});

/** The highest id that is stored, 0 if there is none. @param {Transcript} transcript */
export const lastIdOf = ({ stored }) => Math.floor(stored.at(-1)?.message.id ?? 0);

/** @param {Transcript} transcript */
export const isEmpty = ({ stored, pending }) => stored.length === 0 && pending.length === 0;

/** Take the newest messages as fetched. @param {Transcript} known @param {Page} page
 * @param {number} asked how many interruptions there had been when it was asked for
 * @returns {Transcript} */
export function takePage(known, { messages, more }, asked = known.interruptions) {
  const next = addStored(known, messages);
  const first = more ? messages[0]?.id ?? 0 : 0;
  const last = messages.at(-1)?.id ?? 0;
  const reached = reachOf(known);
  const isInterrupted = known.isInterrupted && asked !== known.interruptions;
  const touches = known.from !== Infinity && first <= reached && last >= known.from;
  if (!touches && last < reached && known.from !== Infinity) return next; // an old page, late
  if (!touches) return { ...next, from: first, to: last, hasMore: more, isInterrupted };
  return {
    ...next,
    from: Math.min(known.from, first),
    to: Math.max(reached, last),
    hasMore: first < known.from ? more : known.hasMore,
    isInterrupted,
  };
}

/** Take the messages before the first complete one. @param {Transcript} known @param {number} before what was asked for
 * @param {Page} page @returns {Transcript} */
export function takeOlder(known, before, { messages, more }) {
  const next = addStored(known, messages);
  if (before !== known.from) return next; // what is shown begins elsewhere by now
  return { ...next, from: messages[0]?.id ?? 0, hasMore: more };
}

/** Take one message from an event. @param {Transcript} known @param {Message} message @returns {Transcript} */
export function takeMessage(known, message) {
  const next = addStored(known, [message]);
  return message.id > next.heard ? { ...next, heard: message.id } : next;
}

/** Events were missed, or are not heard from here on: what they reach is no longer known.
 * @param {Transcript} known @returns {Transcript} */
export function interrupt(known) {
  return { ...known, to: reachOf(known), heard: 0, isInterrupted: true, interruptions: known.interruptions + 1 };
}

/** Take a message that no log knows: it stands where it came. @param {Transcript} known
 * @param {Omit<Message, "id">} message @returns {Transcript} */
export function takeLoose(known, message) {
  return addStored(known, [{ ...message, id: (known.stored.at(-1)?.message.id ?? 0) + LOOSE_STEP }]);
}

/** Take a message that is on its way, or on its way again. @param {Transcript} known
 * @param {Pending} message @returns {Transcript} */
export function addPending(known, message) {
  const key = keyOf(message);
  if (known.stored.some((entry) => entry.key === key)) return known;
  if (known.pending.some((entry) => entry.key === key)) return markPending(known, message.client_id, message.state);
  return { ...known, pending: [...known.pending, toEntry(message)] };
}

/** Say how it is with a message on its way, and why it failed. @param {Transcript} known @param {string} clientId
 * @param {State} state @returns {Transcript} */
export function markPending(known, clientId, state, reason = "") {
  const isChanged = (/** @type {OnItsWay} */ { message }) => message.client_id === clientId
    && (message.state !== state || message.reason !== reason);
  if (!known.pending.some(isChanged)) return known;
  return {
    ...known,
    pending: known.pending.map((entry) =>
      (isChanged(entry) ? { ...entry, message: { ...entry.message, state, reason } } : entry)),
  };
}

/** @param {Transcript} known @param {string} clientId @returns {Transcript} */
export function removePending(known, clientId) {
  return { ...known, pending: known.pending.filter(({ message }) => message.client_id !== clientId) };
}

/** What is shown of it: without messages from before a hole. @param {Transcript} transcript @returns {readonly Entry[]} */
export function shownOf({ stored, pending, from }) {
  const start = from === Infinity ? 0 : placeOf(stored, from);
  const complete = start > 0 ? stored.slice(start) : stored;
  return pending.length > 0 ? [...complete, ...pending] : complete;
}

/** After which id something may be missing: events were missed, and no page has come since. @param {Transcript} known */
export const gapOf = ({ from, to, isInterrupted }) => (isInterrupted && from !== Infinity ? to : Infinity);

/** What the others wrote while the stream was away: how many messages, and the first one's id.
 * @param {Transcript} known @param {Absence | null} absence @param {readonly string[]} others roles
 * @returns {{count: number, from: number}} */
export function missedIn({ stored }, absence, others) {
  const missed = !absence ? [] : stored.slice(placeOf(stored, absence.after + 1)).filter(({ message, at }) =>
    others.includes(message.role) && Number.isInteger(message.id) && at < absence.until);
  return { count: missed.length, from: missed[0]?.message.id ?? Infinity };
}

/**
 * The rows: days, groups, notices, the gap. A row that is as before is the same object, so that a view can skip it.
 * @param {readonly Entry[]} entries @param {readonly Row[]} before @param {Marks} marks @returns {Row[]}
 */
export function layOut(entries, before = [], { gap = Infinity, missedFrom = Infinity } = {}) {
  const known = new Map(before.map((row) => [row.key, row]));
  /** @type {Row[]} */
  const rows = [];
  /** @type {Entry | null} */
  let previous = null;
  let isWhole = true;
  const divide = (/** @type {"day" | "gap" | "missed"} */ kind, /** @type {Entry} */ entry) => {
    const key = `${kind}:${entry.key}`; // clocks may go back: the same day can begin twice
    rows.push(known.get(key) ?? { key, kind, entry, startsGroup: false });
  };
  for (const entry of entries) {
    const startsDay = previous?.day !== entry.day;
    /** @type {boolean} */
    const isBeyond = isWhole && Math.floor(entry.message.id ?? 0) > gap;
    if (startsDay) divide("day", entry);
    if (isBeyond) divide("gap", entry);
    isWhole &&= !isBeyond;
    const isMissed = entry.message.id === missedFrom;
    if (isMissed) divide("missed", entry);
    const startsGroup = startsDay || isBeyond || isMissed || !previous || !isSameGroup(previous, entry);
    const row = known.get(entry.key);
    const isSame = row?.entry === entry && row.startsGroup === startsGroup;
    const kind = entry.message.role === "system" ? "notice" : "message";
    rows.push(isSame ? row : { key: entry.key, kind, entry, startsGroup });
    previous = entry;
  }
  return rows;
}

/** How far nothing is missing. @param {Transcript} transcript */
function reachOf({ to, heard, isInterrupted }) {
  return isInterrupted ? to : Math.max(to, heard);
}

/** Add what is missing; a message on its way that is stored now is no longer on its way.
 * @param {Transcript} known @param {readonly Message[]} messages @returns {Transcript} */
function addStored(known, messages) {
  const missing = messages.filter(({ id }) => known.stored[placeOf(known.stored, id)]?.message.id !== id);
  if (missing.length === 0) return known;
  const added = missing.map(toEntry).sort((one, other) => one.message.id - other.message.id);
  const isNewer = added[0].message.id > (known.stored.at(-1)?.message.id ?? 0);
  const stored = [...known.stored, ...added];
  if (!isNewer) stored.sort((one, other) => one.message.id - other.message.id);
  const arrived = new Set(added.map(({ key }) => key));
  const pending = known.pending.filter(({ key }) => !arrived.has(key));
  return { ...known, stored, pending: pending.length < known.pending.length ? pending : known.pending };
}

/** Where the first one with this id or a higher one stands. @param {readonly Stored[]} stored @param {number} id */
function placeOf(stored, id) {
  let [low, high] = [0, stored.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stored[middle].message.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @template {Message | Pending} T @param {T} message @returns {{key: string, at: number, day: string, message: T}} */
export function toEntry(message) {
  const date = new Date(message.created_at);
  const day = `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
  return { key: keyOf(message), at: date.getTime(), day, message };
}

/** The same for a message on its way and for the one that is stored of it, so that it keeps its element.
 * @param {Message | Pending} message */
function keyOf({ id, role, agent, client_id: clientId }) {
  return clientId ? `c:${role}:${agent?.id ?? ""}:${clientId}` : `m:${id}`;
}

/** @param {Entry} previous @param {Entry} entry */
function isSameGroup(previous, entry) {
  return previous.message.role === entry.message.role
    && previous.message.agent?.id === entry.message.agent?.id
    && entry.at - previous.at < GROUP_GAP_MS;
}
