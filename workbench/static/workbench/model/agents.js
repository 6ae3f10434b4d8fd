/**
 * The agents, as values: what each has chosen, whether he is connected, how much he has.
 *
 * @typedef {"available" | "busy" | "away"} Availability
 * @typedef {{id: string, name: string, connected: boolean, availability: Availability, reason: string,
 *   live: number, capacity: number, teams: number[]}} AgentEntry
 */

/** Take an agent_status into what is known of that agent: only what it says changes. @template {{id: string}} E
 * @param {E} known @param {{agent: {id: string}} & Partial<AgentEntry>} told @returns {E} */
export function takeStatus(known, { agent, availability, reason, connected }) {
  if (agent.id !== known.id) return known;
  const said = Object.entries({ availability, reason, connected }).filter(([, value]) => value !== undefined);
  return { ...known, ...Object.fromEntries(said) };
}

/** Who can take a conversation now: connected, available, below capacity; who has the fewest first.
 * @param {readonly AgentEntry[]} agents @param {string} callerId who asks, and is not one of them */
export const ableOf = (agents, callerId) => agents
  .filter(({ id, connected, availability, live, capacity }) => id !== callerId && connected && availability === "available" && live < capacity)
  .sort((one, other) => one.live - other.live || one.name.localeCompare(other.name));

/** Why the others are not among them, counted. @param {readonly AgentEntry[]} agents @param {string} callerId */
export function unableOf(agents, callerId) {
  const others = agents.filter(({ id }) => id !== callerId);
  const here = others.filter(({ connected }) => connected);
  return {
    full: here.filter(({ availability, live, capacity }) => availability === "available" && live >= capacity).length,
    away: here.filter(({ availability }) => availability !== "available").length,
    offline: others.length - here.length,
  };
}
