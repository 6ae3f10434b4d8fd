/**
 * What the workbench knows of all sessions, as values.
 *
 * States come from fetches and from events, in any order and some of them twice. Of two states of a session the one
 * with the higher `version` is right, of two previews the one of the newer message, of two requests the later. What the
 * server counted (unread, unanswered) holds up to the session's activity then; newer messages are counted here, each
 * once, by its id. Times are the server's, in milliseconds.
 *
 * @import { Agent } from "../../browser/talk/model/session.js"
 * @import { Attachment } from "../../browser/talk/model/attachments.js"
 * @typedef {{name?: string, email?: string, phone?: string}} Customer
 * @typedef {{id: number, name: string}} Team
 * @typedef {{at: number, version: number, unread: number, unansweredAt: number | null}} Counted
 * @typedef {{
 *   session_name: string, version: number, status: string | null, agent: Agent | null, changed_at?: number,
 *   customer?: Customer | null, reason?: string, question?: string, language?: string, created_at?: string,
 *   customer_online?: boolean, told_at?: number, counted?: Counted, on_hold?: {until: string | null} | null, team?: Team, priority?: string, labels?: string[], page?: string,
 *   mailed?: {state: string, at: string} | null,
 *   last_message?: string, previewed_at?: number, previewed_role?: string,
 *   active_at?: number, requested_at?: number, waiting_at?: number,
 * }} Session
 * @typedef {{id: number, session_name: string, role: string, content: string, created_at: string,
 *   attachments?: Attachment[]}} Message
 * @typedef {{role: string, at: number}} Spoken
 * @typedef {{id: number, at: number}} Read
 * @typedef {{
 *   agentId: string,
 *   sessions: ReadonlyMap<string, Session>,
 *   spoken: ReadonlyMap<string, ReadonlyMap<number, Spoken>>,
 *   read: ReadonlyMap<string, Read>,
 *   served: ReadonlySet<number> | null,
 *   tellings: number,
 * }} Board `served`: the teams whose queue this is; null until it is fetched. `tellings`: events of customers so far
 */

import { previewOf } from "../../browser/talk/model/attachments.js";
import { STATUS } from "../../browser/talk/model/session.js";

const PREVIEWED = new Set(["customer", "agent"]); // whose words a list shows, as the server does
const PREVIEW_LENGTH = 200; // the server's
const NOT_WAITING = ""; // a status that is no longer known, except that it is not "waiting"
/** @type {ReadonlyMap<number, Spoken>} */
const NOTHING = new Map();
const UNREAD = Object.freeze({ id: 0, at: 0 });

/** @param {string} agentId @returns {Board} */
export const emptyBoard = (agentId) => ({ agentId, sessions: new Map(), spoken: new Map(), read: new Map(), served: null, tellings: 0 });

/** @param {Board} board @param {Session | undefined} session */
export const isMine = (board, session) => session?.status === STATUS.live && session.agent?.id === board.agentId;

/** Since when a customer waits, null if nobody said. @param {Session} session */
export const waitingSince = ({ requested_at: requestedAt, waiting_at: waitingAt }) => requestedAt ?? waitingAt ?? null;

/** The name that a customer gave, else empty. @param {Session | undefined | null} session */
export const givenNameOf = (session) => session?.customer?.name?.trim() ?? "";

/** From the one that comes last. */
const PRIORITIES = ["low", "normal", "high", "urgent"];

/** @param {Session} session */
const rankOf = ({ priority = "normal" }) => PRIORITIES.indexOf(priority);

/** Who waits for a team of the agent's, as the server serves them: the most urgent first, of equals who waits longest.
 * Of those who wait for the default team every agent hears. @param {Board} board */
export const queueOf = ({ sessions, served }) => [...sessions.values()]
  .filter(({ status, team }) => status === STATUS.waiting && (!team || !served || served.has(team.id)))
  .sort((one, other) => rankOf(other) - rankOf(one) || (waitingSince(one) ?? Infinity) - (waitingSince(other) ?? Infinity));

/** The agent's live sessions: whose customer waits for an answer longest first, then the answered, latest first, then
 * those on hold. @param {Board} board */
export const mineOf = (board) => [...board.sessions.values()]
  .filter((session) => isMine(board, session))
  .map((session) => ({ session, isHeld: Boolean(session.on_hold), since: unansweredSince(board, session.session_name) ?? Infinity }))
  .sort((one, other) => {
    if (one.isHeld !== other.isHeld) return Number(one.isHeld) - Number(other.isHeld);
    return one.since === other.since ? (other.session.active_at ?? 0) - (one.session.active_at ?? 0) : one.since - other.since;
  })
  .map(({ session }) => session);

/** Since when the customer has had no answer of an agent, null if he has. @param {Board} board @param {string} name */
export function unansweredSince(board, name) {
  const { counted } = knownOf(board, name);
  return uncounted(board, name).reduce(
    (since, { role, at }) => (role === "agent" ? null : since ?? at),
    counted?.unansweredAt ?? null,
  );
}

/** How many messages of an own session the agent has not read. @param {Board} board @param {string} name */
export function unreadOf(board, name) {
  const session = board.sessions.get(name);
  if (!session || !isMine(board, session)) return 0;
  const { counted } = session;
  const read = board.read.get(name) ?? UNREAD;
  const before = counted && counted.at > read.at ? counted.unread : 0;
  return before + uncounted(board, name).filter(({ id, role }) => role === "customer" && id > read.id).length;
}

/** @param {Board} board */
export const unreadTotalOf = (board) => mineOf(board).reduce((total, session) => total + unreadOf(board, session.session_name), 0);

/** The versions of those who wait: what a fetch of the queue has to be compared with. @param {Board} board */
export const waitingVersions = (board) => new Map(queueOf(board).map(({ session_name: name, version }) => [name, version]));

/** Take a session from a list or from its own GET. What an event has told of its customer since it was asked for stays.
 * @param {Board} board @param {any} fetched @param {number} [asked] `tellings` when it was asked for @returns {Board} */
export function takeSession(board, fetched, asked = Infinity) {
  const { messages = [], waiting_since: since, last_activity_at: activeAt, last_message: content, ...rest } = fetched;
  const { more: _more, position: _position, receipts: _receipts, notes: _notes, unread, unanswered_since: unanswered, ...state } = rest;
  const known = knownOf(board, state.session_name);
  const isNewer = state.version > known.version;
  const counted = unread === undefined || !activeAt ? null
    : { at: Date.parse(activeAt), version: state.version, unread, unansweredAt: unanswered ? Date.parse(unanswered) : null };
  const news = {
    ...(state.version < known.version ? {} : state),
    ...((known.told_at ?? 0) > asked ? { customer: known.customer, customer_online: known.customer_online } : {}),
    ...(isNewer ? { changed_at: undefined } : {}),
    ...preview(known, Date.parse(activeAt), content),
    ...request(known, Date.parse(since)),
    ...(counted && isLater(counted, known.counted) ? { counted } : {}),
  };
  const next = forgetCounted(put(board, state.session_name, news), state.session_name);
  return messages.reduce(takeMessage, next);
}

/** Take the whole queue as fetched: who waited when it was asked for and is not in it does not wait. One who began to
 * wait meanwhile goes on waiting.
 * @param {Board} board @param {any[]} items
 * @param {ReadonlyMap<string, number>} asked the versions of those who waited then
 * @param {boolean} isWhole whether the items are all who wait @returns {Board} */
export function takeQueue(board, items, asked, isWhole = true) {
  const names = new Set(items.map(({ session_name: name }) => name));
  let next = board;
  for (const [name, version] of isWhole ? asked : []) {
    const isUnchanged = board.sessions.get(name)?.version === version;
    if (isUnchanged && !names.has(name)) next = put(next, name, { status: NOT_WAITING });
  }
  for (const { waiting_seconds: _seconds, ...item } of items) {
    next = takeSession(next, { ...item, status: STATUS.waiting, agent: null });
  }
  return next;
}

/** @param {Board} board @param {readonly number[]} teams the ids of those whose queue it is @returns {Board} */
export const takeServed = (board, teams) => ({ ...board, served: new Set(teams) });

/** Take a status_change; the same board if it is not newer than what is known.
 * @param {Board} board
 * @param {{session_name: string, status: string, agent: Agent | null, version: number}} change
 * @param {number} at @returns {Board} */
export function takeStatus(board, { session_name: name, status, agent, version }, at) {
  const known = board.sessions.get(name);
  if (known && version < known.version) return board;
  if (known && version === known.version) return put(board, name, { changed_at: known.changed_at ?? at });
  const waitingAt = status === STATUS.waiting ? at : known?.waiting_at;
  return put(board, name, { status, agent, version, changed_at: at, waiting_at: waitingAt });
}

/** Take what a transfer_request tells of a waiting customer; its status_change may come before or after it.
 * @param {Board} board @param {{session_name: string, customer?: Customer, reason?: string, last_message?: string, question?: string, language?: string, team?: Team, priority?: string, labels?: string[]}} told
 * @param {number} since @returns {Board} */
export function takeRequest(board, { session_name: name, customer, reason, last_message: content, question, language, ...sorted }, since) {
  const known = knownOf(board, name);
  const isNewest = since >= (known.requested_at ?? 0);
  return put(board, name, {
    ...(known.status === null ? { status: STATUS.waiting } : {}), // another program's request: no change of status told it
    ...(isNewest ? { reason, question, ...(customer ? { customer } : {}), ...(language ? { language } : {}), ...given(sorted) } : {}),
    ...preview(known, since, content),
    ...request(known, since),
    customer_online: known.customer_online ?? true, // who asks is here
  });
}

/** How it was sorted into the queue, as far as that is said. @param {Partial<Session>} told @returns {Partial<Session>} */
const given = ({ team, priority, labels }) => ({ ...(team ? { team } : {}), ...(priority ? { priority } : {}), ...(labels ? { labels } : {}) });

/** Take who a customer is, or whether they are here: the event that comes last holds, until a later fetch says otherwise.
 * @param {Board} board @param {{session_name: string, customer?: Customer, customer_online?: boolean}} told @returns {Board} */
export const takeCustomer = (board, { session_name: name, ...told }) => {
  const tellings = board.tellings + 1;
  return { ...put(board, name, { ...told, told_at: tellings }), tellings };
};

/** Take a session_updated: of two, that of the later version holds.
 * @param {Board} board @param {{session_name: string, version: number}} told @returns {Board} */
export function takeUpdate(board, { session_name: name, version, ...changes }) {
  const known = board.sessions.get(name);
  return known && version >= known.version ? put(board, name, { version, ...changes }) : board;
}

/** @param {Board} board @param {Message} message @returns {Board} */
export function takeMessage(board, { id, session_name: name, role, content, attachments, created_at: createdAt }) {
  const at = Date.parse(createdAt);
  const isPreviewed = PREVIEWED.has(role);
  const shown = isPreviewed
    ? previewOf({ content: content.trim().replace(/\s+/g, " "), attachments }).slice(0, PREVIEW_LENGTH) : "";
  const next = put(board, name, preview(knownOf(board, name), at, shown, role));
  const known = next.spoken.get(name) ?? NOTHING;
  if (!isPreviewed || known.has(id) || at <= (knownOf(next, name).counted?.at ?? 0)) return next;
  return { ...next, spoken: new Map(next.spoken).set(name, new Map(known).set(id, { role, at })) };
}

/** The agent has read all up to this message. @param {Board} board @param {string} name @param {number} id
 * @param {number} at when it was read, or written: what the server counted until then is read, too @returns {Board} */
export function takeRead(board, name, id, at) {
  const known = board.read.get(name) ?? UNREAD;
  const read = { id: Math.max(known.id, id), at: Math.max(known.at, at) };
  if (isSame(known, read)) return board;
  return { ...board, read: new Map(board.read).set(name, read) };
}

/** What was said after what the server counted, in the order of ids. @param {Board} board @param {string} name */
function uncounted(board, name) {
  const until = board.sessions.get(name)?.counted?.at ?? 0;
  return [...board.spoken.get(name) ?? NOTHING]
    .map(([id, spoken]) => ({ id, ...spoken }))
    .filter(({ at }) => at > until)
    .sort((one, other) => one.id - other.id);
}

/** Drop messages that the server has counted. @param {Board} board @param {string} name @returns {Board} */
function forgetCounted(board, name) {
  const known = board.spoken.get(name);
  if (!known) return board;
  const until = board.sessions.get(name)?.counted?.at ?? 0;
  const kept = [...known].filter(([, { at }]) => at > until);
  return kept.length === known.size ? board : { ...board, spoken: new Map(board.spoken).set(name, new Map(kept)) };
}

/** Of two counts that of the later activity holds; of one activity that of the later state, then the lower: more was read.
 * @param {Counted} one @param {Counted | undefined} other */
function isLater(one, other) {
  if (!other) return true;
  if (one.at !== other.at) return one.at > other.at;
  return one.version !== other.version ? one.version > other.version : one.unread < other.unread;
}

/** @param {Board} board @param {string} name @returns {Session} */
const knownOf = (board, name) => board.sessions.get(name) ?? { session_name: name, version: 0, status: null, agent: null };

/** The newer preview wins; what was not said or may not be read only tells of activity.
 * @param {Session} known @param {number} at @param {string} content @param {string} [role] @returns {Partial<Session>} */
function preview(known, at, content = "", role = undefined) {
  if (!at) return {};
  const previewedAt = known.previewed_at ?? 0;
  const isSaid = content !== "" && (at > previewedAt || (at === previewedAt && Boolean(role) && !known.previewed_role));
  const speaker = role ?? (content === known.last_message ? known.previewed_role : undefined);
  return {
    active_at: Math.max(known.active_at ?? 0, at),
    ...(isSaid ? { last_message: content, previewed_at: at, previewed_role: speaker } : {}),
  };
}

/** @param {Session} known @param {number} since @returns {Partial<Session>} */
const request = (known, since) => (since ? { requested_at: Math.max(known.requested_at ?? 0, since) } : {});

/** @param {Board} board @param {string} name @param {Partial<Session>} news @returns {Board} */
function put(board, name, news) {
  const known = knownOf(board, name);
  const session = { ...known, ...news };
  if (board.sessions.has(name) && isSame(known, session)) return board;
  return { ...board, sessions: new Map(board.sessions).set(name, session) };
}

/** Whether two records have the same values; of objects among these, the same fields. @param {any} one @param {any} other
 * @returns {boolean} */
export function isSame(one, other) {
  const names = Object.keys(other);
  return names.length === Object.keys(one).length && names.every((name) => isEqual(one[name], other[name]));
}

/** @param {any} one @param {any} other */
function isEqual(one, other) {
  if (one === other) return true;
  return Boolean(one && other && typeof one === "object" && typeof other === "object") && isSame(one, other);
}
