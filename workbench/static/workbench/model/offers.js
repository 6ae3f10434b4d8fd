/**
 * What is offered to this agent, and what became of what he transfers, as values. Offers come from a fetch and from
 * events, in any order; one that has ended stays ended, however late it is told of again.
 *
 * @import { Agent } from "../../browser/talk/model/session.js"
 * @typedef {{offer_id: number, session_name: string, from: Agent | null, to?: Agent | null, note?: string,
 *   why?: string, expires_at: string}} Offer
 * @typedef {{open: ReadonlyMap<number, Offer>, ended: ReadonlySet<number>}} Offers
 */

/** @type {Offers} */
export const NO_OFFERS = Object.freeze({ open: new Map(), ended: new Set() });

/** Take a transfer_offer. @param {Offers} offers @param {Offer} offer @returns {Offers} */
export function takeOffer(offers, offer) {
  if (offers.ended.has(offer.offer_id)) return offers;
  return { ...offers, open: new Map(offers.open).set(offer.offer_id, { ...offers.open.get(offer.offer_id), ...offer }) };
}

/** Take the answer to a fetch of the agent's offers: those known when it was asked for that it does not have ended meanwhile.
 * @param {Offers} offers @param {readonly Offer[]} items @param {readonly number[]} asked @returns {Offers} */
export function takeFetched(offers, items, asked) {
  const fetched = new Set(items.map(({ offer_id: id }) => id));
  const without = asked.filter((id) => !fetched.has(id)).reduce(endOffer, offers);
  return items.reduce(takeOffer, without);
}

/** @param {Offers} offers @param {number} id @returns {Offers} */
export function endOffer(offers, id) {
  const open = new Map(offers.open);
  open.delete(id);
  return { open, ended: new Set(offers.ended).add(id) };
}

/** What this agent has to answer, the one that runs out first first. @param {Offers} offers @param {string} agentId */
export const receivedBy = ({ open }, agentId) => [...open.values()]
  .filter(({ to, from }) => (to ? to.id === agentId : from?.id !== agentId))
  .sort((one, other) => Date.parse(one.expires_at) - Date.parse(other.expires_at));

/** The open transfer of a session by this agent, null if there is none. @param {Offers} offers @param {string} agentId
 * @param {string} sessionName */
export const sentBy = ({ open }, agentId, sessionName) => [...open.values()]
  .find(({ from, session_name: name }) => from?.id === agentId && name === sessionName) ?? null;
