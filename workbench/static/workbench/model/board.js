/**
 * What the workbench knows of all sessions, as values.
 *
 * States come from fetches and from events, in any order and some of them twice. Of two states of a session the one
 * with the higher `version` is right, of two previews the one of the newer message, of two requests the later; a message
 * counts once, by its id. Times are the server's, in milliseconds.
 *
 * @import { Agent } from "../../browser/talk/model/session.js"
 * @typedef {{name?: string, email?: string}} Customer
 * @typedef {{
 *   session_name: string, version: number, status: string | null, agent: Agent | null,
 *   customer?: Customer | null, reason?: string, created_at?: string,
 *   last_message?: string, previewed_at?: number, active_at?: number, requested_at?: number, waiting_at?: number,
 * }} Session
 * @typedef {{id: number, session_name: string, role: string, content: string, created_at: string}} Message
 * @typedef {{
 *   agentId: string,
 *   sessions: ReadonlyMap<string, Session>,
 *   unread: ReadonlyMap<string, ReadonlySet<number>>,
 *   read: Readonly<Record<string, number>>,
 * }} Board
 * @typedef {{key: string, session: Session, isMine: boolean, isOpen: boolean, unread: number}} Row
 */

import { STATUS } from "../../browser/talk/model/session.js";

const PREVIEWED = new Set(["customer", "agent"]); // whose words a list shows, as the server does
const NOT_WAITING = ""; // a status that is no longer known, except that it is not "waiting"
/** @type {ReadonlySet<number>} */
const NONE = new Set();

/** @param {string} agentId @param {Record<string, number>} read the last message read of each session @returns {Board} */
export const emptyBoard = (agentId, read = {}) => ({ agentId, sessions: new Map(), unread: new Map(), read });

/** @param {Board} board @param {Session | undefined} session */
export const isMine = (board, session) => session?.status === STATUS.live && session.agent?.id === board.agentId;

/** Since when a customer waits, null if nobody said. @param {Session} session */
export const waitingSince = ({ requested_at: requestedAt, waiting_at: waitingAt }) => requestedAt ?? waitingAt ?? null;

/** The name that a customer gave, else empty. @param {Session | undefined} session */
export const givenNameOf = (session) => session?.customer?.name?.trim() ?? "";

/** Who waits, longest first. @param {Board} board */
export const queueOf = ({ sessions }) => [...sessions.values()]
  .filter(({ status }) => status === STATUS.waiting)
  .sort((one, other) => (waitingSince(one) ?? Infinity) - (waitingSince(other) ?? Infinity));

/** The agent's live sessions, newest activity first. @param {Board} board */
export const mineOf = (board) => [...board.sessions.values()]
  .filter((session) => isMine(board, session))
  .sort((one, other) => (other.active_at ?? 0) - (one.active_at ?? 0));

/** How many messages of an own session the agent has not read. @param {Board} board @param {string} name */
export const unreadOf = (board, name) => (isMine(board, board.sessions.get(name)) ? board.unread.get(name)?.size ?? 0 : 0);

/** @param {Board} board */
export const unreadTotalOf = (board) => [...board.unread.keys()].reduce((total, name) => total + unreadOf(board, name), 0);

/** The versions of those who wait: what a fetch of the queue has to be compared with. @param {Board} board */
export const waitingVersions = (board) => new Map(queueOf(board).map(({ session_name: name, version }) => [name, version]));

/** The rows of a list. One that is as before is the same object, so that a view can skip it.
 * @param {Board} board @param {readonly Session[]} sessions @param {string | null} openName
 * @param {readonly Row[]} before @returns {Row[]} */
export function rowsOf(board, sessions, openName, before = []) {
  const known = new Map(before.map((row) => [row.key, row]));
  return sessions.map((session) => {
    const name = session.session_name;
    const row = {
      key: name, session, isMine: isMine(board, session), isOpen: name === openName, unread: unreadOf(board, name),
    };
    const old = known.get(name);
    return old && isSame(old, row) ? old : row;
  });
}

/** Take a session from a list or from its own GET. @param {Board} board @param {any} fetched @returns {Board} */
export function takeSession(board, fetched) {
  const { messages = [], waiting_since: since, last_activity_at: activeAt, last_message: content, ...rest } = fetched;
  const { more: _more, position: _position, receipts: _receipts, notes: _notes, ...state } = rest;
  const known = knownOf(board, state.session_name);
  const news = {
    ...(state.version < known.version ? {} : state),
    ...preview(known, Date.parse(activeAt), content),
    ...request(known, Date.parse(since)),
  };
  return messages.reduce(takeMessage, put(board, state.session_name, news));
}

/** Take the whole queue as fetched: who waited when it was asked for and is not in it does not wait.
 * @param {Board} board @param {any[]} items
 * @param {ReadonlyMap<string, number>} asked the versions of those who waited then @returns {Board} */
export function takeQueue(board, items, asked) {
  const names = new Set(items.map(({ session_name: name }) => name));
  let next = board;
  for (const [name, version] of asked) {
    const isUnchanged = board.sessions.get(name)?.version === version;
    if (isUnchanged && !names.has(name)) next = put(next, name, { status: NOT_WAITING });
  }
  for (const { waiting_seconds: _seconds, ...item } of items) {
    next = takeSession(next, { ...item, status: STATUS.waiting, agent: null });
  }
  return next;
}

/** Take a status_change; the same board if it is not newer than what is known.
 * @param {Board} board
 * @param {{session_name: string, status: string, agent: Agent | null, version: number}} change
 * @param {number} at @returns {Board} */
export function takeStatus(board, { session_name: name, status, agent, version }, at) {
  const known = board.sessions.get(name);
  if (known && version <= known.version) return board;
  return put(board, name, { status, agent, version, waiting_at: status === STATUS.waiting ? at : known?.waiting_at });
}

/** Take what a transfer_request tells of a waiting customer; its status_change may come before or after it.
 * @param {Board} board @param {{session_name: string, reason?: string, last_message?: string}} told
 * @param {number} since @returns {Board} */
export function takeRequest(board, { session_name: name, reason, last_message: content }, since) {
  const known = knownOf(board, name);
  const isLater = since >= (known.requested_at ?? 0);
  return put(board, name, {
    ...(known.status === null ? { status: STATUS.waiting } : {}), // another program's request: no change of status told it
    ...(isLater ? { reason } : {}),
    ...preview(known, since, content),
    ...request(known, since),
  });
}

/** @param {Board} board @param {Message} message @returns {Board} */
export function takeMessage(board, { id, session_name: name, role, content, created_at: createdAt }) {
  const at = Date.parse(createdAt);
  const next = put(board, name, preview(knownOf(board, name), at, PREVIEWED.has(role) ? content : ""));
  if (role !== "customer" || id <= (board.read[name] ?? 0) || board.unread.get(name)?.has(id)) return next;
  return { ...next, unread: new Map(next.unread).set(name, new Set(next.unread.get(name)).add(id)) };
}

/** Up to these messages all is read. @param {Board} board @param {Readonly<Record<string, number>>} read @returns {Board} */
export function takeRead(board, read) {
  const news = Object.entries(read).filter(([name, id]) => id > (board.read[name] ?? 0));
  if (news.length === 0) return board;
  const unread = new Map(board.unread);
  for (const [name, last] of news) {
    unread.set(name, new Set([...unread.get(name) ?? NONE].filter((id) => id > last)));
  }
  return { ...board, read: { ...board.read, ...Object.fromEntries(news) }, unread };
}

/** @param {Board} board @param {string} name @returns {Session} */
const knownOf = (board, name) => board.sessions.get(name) ?? { session_name: name, version: 0, status: null, agent: null };

/** The newer preview wins; what was not said or may not be read only tells of activity.
 * @param {Session} known @param {number} at @param {string} content @returns {Partial<Session>} */
function preview(known, at, content = "") {
  if (!at) return {};
  const isNewer = content !== "" && at >= (known.previewed_at ?? 0);
  return {
    active_at: Math.max(known.active_at ?? 0, at),
    ...(isNewer ? { last_message: content, previewed_at: at } : {}),
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
function isSame(one, other) {
  const names = Object.keys(other);
  return names.length === Object.keys(one).length && names.every((name) => isEqual(one[name], other[name]));
}

/** @param {any} one @param {any} other */
function isEqual(one, other) {
  if (one === other) return true;
  return Boolean(one && other && typeof one === "object" && typeof other === "object") && isSame(one, other);
}
