/**
 * What is known of one session, as values. Of two states of it the one with the higher `version` is right.
 *
 * @typedef {{id: string, name: string}} Agent
 * @typedef {{status: string, version: number, agent: Agent | null, queuePosition: number | null}} Session
 * @typedef {{status: string, version: number, agent: Agent | null, queue_position?: number | null}} Fetched
 */

export const STATUS = { bot: "bot_active", waiting: "pending_manual", live: "manual_live", closed: "closed" };

/** @type {Session} */
export const NEW_SESSION = Object.freeze({ status: STATUS.bot, version: -1, agent: null, queuePosition: null });

/**
 * Take a fetched session or the payload of a status_change.
 * @param {Session} known @param {Fetched} fact @returns {Session}
 */
export function takeSession(known, { status, version, agent, queue_position: queuePosition }) {
  if (version < known.version) return known;
  return { status, version, agent, queuePosition: queuePosition ?? known.queuePosition };
}

/** Take a place in the queue; it may come before the status that it belongs to. @param {Session} known
 * @param {number | null} position @returns {Session} */
export function takePosition(known, position) {
  return position === known.queuePosition ? known : { ...known, queuePosition: position };
}

/** @param {Session} session */
export const positionOf = ({ status, queuePosition }) => (status === STATUS.waiting ? queuePosition : null);
