/**
 * How far the other side has got and has seen one's own messages: ids, "up to and including", which only grow.
 *
 * @typedef {{delivered: number, seen: number}} Receipt
 * @typedef {"sent" | "delivered" | "seen"} Mark
 */

/** @type {Receipt} */
export const NO_RECEIPT = Object.freeze({ delivered: 0, seen: 0 });

/** Take what a fetch or an event says, in any order; what is seen was delivered.
 * @param {Receipt} known @param {{delivered?: number | null, seen?: number | null} | undefined} fact @returns {Receipt} */
export function takeReceipt(known, { delivered, seen } = {}) {
  const nowSeen = Math.max(known.seen, seen ?? 0);
  const nowDelivered = Math.max(known.delivered, delivered ?? 0, nowSeen);
  const isNews = nowSeen !== known.seen || nowDelivered !== known.delivered;
  return isNews ? { delivered: nowDelivered, seen: nowSeen } : known;
}

/** @param {Receipt} receipt @param {number} id @returns {Mark} */
export function markOf({ delivered, seen }, id) {
  if (id <= seen) return "seen";
  return id <= delivered ? "delivered" : "sent";
}
