/**
 * The rows of the lists, as values: what a row shows, in which order, and how long is too long.
 *
 * @import { Board, Session } from "./board.js"
 * @typedef {{
 *   key: string, session: Session, isMine: boolean, isOpen: boolean, unread: number,
 *   since: number | null,
 * }} Row `since`: when the customer began to wait, in the queue or for an answer
 * @typedef {readonly [number, number]} Limits seconds after which a time is amber, and red
 */

import { STATUS } from "../../browser/talk/model/session.js";
import { isMine, isSame, unansweredSince, unreadOf, waitingSince } from "./board.js";

/** The rows of a list. One that is as before is the same object, so that a view can skip it.
 * @param {Board} board @param {readonly Session[]} sessions @param {string | null} openName
 * @param {readonly Row[]} before @returns {Row[]} */
export function rowsOf(board, sessions, openName, before = []) {
  const known = new Map(before.map((row) => [row.key, row]));
  return sessions.map((session) => {
    const row = rowOf(board, session, openName);
    const old = known.get(row.key);
    return old && isSame(old, row) ? old : row;
  });
}

/** @param {Board} board @param {Session} session @param {string | null} openName @returns {Row} */
export function rowOf(board, session, openName = null) {
  const name = session.session_name;
  const mine = isMine(board, session);
  const since = session.status === STATUS.waiting ? waitingSince(session) : mine ? unansweredSince(board, name) : null;
  return { key: name, session, isMine: mine, isOpen: name === openName, unread: unreadOf(board, name), since };
}

/** The same rows in the order that they had, while somebody points at the list: a row must not move away from under a
 * click. New ones come last. @template {{key: string}} R
 * @param {readonly R[]} rows @param {readonly {key: string}[]} before @returns {R[]} */
export function inOldOrder(rows, before) {
  const places = new Map(before.map(({ key }, place) => [key, place]));
  const placeOf = (/** @type {R} */ { key }) => places.get(key) ?? Infinity;
  return [...rows].sort((one, other) => (placeOf(one) === placeOf(other) ? 0 : placeOf(one) - placeOf(other)));
}

/** 0 in time, 1 past the first limit, 2 past the second. @param {number} seconds @param {Limits} limits */
export const stepOf = (seconds, limits) => limits.filter((limit) => seconds >= limit).length;

/** The row that gets focus when this one is left with a key; null if it stays. @param {string} key a KeyboardEvent's
 * @param {number} index @param {number} count @returns {number | null} */
export function nextIndex(key, index, count) {
  const wanted = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: count - 1 }[key];
  return wanted === undefined || wanted < 0 || wanted >= count || wanted === index ? null : wanted;
}

/** One of eight colours, the same wherever the session is shown. @param {string} name @returns {number} from 1 */
export const hueOf = (name) => [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % 8 + 1;
