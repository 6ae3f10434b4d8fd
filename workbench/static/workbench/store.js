/**
 * What the agent's page knows, as signals, and the only functions that change it.
 *
 * @import { Board, Message, Session } from "./model/board.js"
 * @import { Row } from "./model/rows.js"
 * @typedef {ReturnType<typeof createStore>} Store
 */

import { batch, computed, now, signal } from "../browser/kit/ui.js";
import { takeStatus } from "./model/agents.js";
import * as boards from "./model/board.js";
import * as offerings from "./model/offers.js";
import { inOldOrder, rowsOf } from "./model/rows.js";

/** @typedef {{id: string, availability: import("./model/agents.js").Availability | null, reason: string, capacity: number}} Self */

/** @param {string} agentId */
export function createStore(agentId) {
  const board = signal(boards.emptyBoard(agentId));
  const openName = signal(/** @type {string | null} */ (null));
  const leaving = signal(/** @type {ReadonlySet<string>} */ (new Set()));
  const waitingInAll = signal(0);
  const lengths = /** @type {Map<number, number>} */ (new Map()); // of the queue of each team, as told last
  const clockAheadMs = signal(0);
  const offers = signal(offerings.NO_OFFERS);
  const self = signal(/** @type {Self} */ ({ id: agentId, availability: null, reason: "", capacity: 0 }));
  const foundNames = signal(/** @type {readonly string[]} */ ([]));

  /** @param {(board: Board) => Board} change */
  const update = (change) => { board.value = change(board.peek()); };

  /** A list of rows that keep their identity, and their order while it is held.
   * @param {(board: Board) => readonly Session[]} sessionsOf */
  const listOf = (sessionsOf) => {
    const isHeld = signal(false);
    let before = /** @type {Row[]} */ ([]);
    const rows = computed(() => {
      const sessions = sessionsOf(board.value).filter(({ session_name: name }) => !leaving.value.has(name));
      const fresh = rowsOf(board.value, sessions, openName.value, before);
      before = isHeld.value ? inOldOrder(fresh, before) : fresh;
      return before;
    });
    return { rows, isHeld };
  };

  const queue = listOf(boards.queueOf);
  const mine = listOf(boards.mineOf);
  const found = listOf(({ sessions }) => foundNames.value.flatMap((name) => sessions.get(name) ?? []));

  return {
    board,
    openName,
    queue,
    mine,
    found,
    foundNames,
    leaving,
    /** The view of a session's summary, once it is loaded. */
    Summary: signal(/** @type {unknown} */ (null)),
    /** What this agent has chosen, and how much he takes at once; without an availability until it is fetched. */
    self,
    /** What this agent has to answer; what he could not see is not counted against his capacity. */
    offered: computed(() => offerings.receivedBy(offers.value, agentId)),
    liveCount: computed(() => mine.rows.value.filter(({ session }) => !session.on_hold).length),
    /** How many wait, those included whom no page of the queue has named. */
    waitingCount: computed(() => Math.max(queue.rows.value.length, waitingInAll.value - leaving.value.size)),
    unreadCount: computed(() => mine.rows.value.reduce((total, { unread }) => total + unread, 0)),
    /** Now, by the server's clock. */
    serverNow: computed(() => now.value + clockAheadMs.value),
    get: (/** @type {string | null} */ name) => board.peek().sessions.get(name ?? "") ?? null,
    isMine: (/** @type {Session | null | undefined} */ session) => boards.isMine(board.peek(), session ?? undefined),
    unreadOf: (/** @type {string} */ name) => boards.unreadOf(board.peek(), name),
    waitingVersions: () => boards.waitingVersions(board.peek()),

    /** Take the answer to a fetch of the queue. @param {{items: any[], total: number, teams: number[]}} answer
     * @param {ReadonlyMap<string, number>} asked waitingVersions() before the call */
    takeQueue({ items, total, teams }, asked) {
      batch(() => {
        update((known) => boards.takeServed(boards.takeQueue(known, items, asked, items.length === total), teams));
        waitingInAll.value = items.length === total ? 0 : total;
      });
    },
    /** Take the length of a team's queue that an event told: it counts only where the list is a part of all. */
    takeQueueLength(/** @type {{team: {id: number}, waiting: number}} */ { team: { id }, waiting }) {
      const before = lengths.get(id);
      lengths.set(id, waiting);
      if (waitingInAll.peek() && before !== undefined) waitingInAll.value += waiting - before;
    },
    /** For takeSession: asked before a call whose answer an event may overtake. */
    tellings: () => board.peek().tellings,
    /** @param {any} fetched @param {number} [asked] tellings() before the call */
    takeSession: (fetched, asked) => update((known) => boards.takeSession(known, fetched, asked)),
    /** Take a status_change. Returns whether it said something new. @param {any} change @param {number} at */
    takeStatus(change, at) {
      const before = board.peek().sessions.get(change.session_name)?.version ?? -1;
      update((known) => boards.takeStatus(known, change, at));
      return change.version > before;
    },
    takeRequest: (/** @type {any} */ told, /** @type {number} */ since) =>
      update((known) => boards.takeRequest(known, told, since)),
    takeCustomer: (/** @type {any} */ told) => update((known) => boards.takeCustomer(known, told)),
    /** Take a session_updated. @param {any} told */
    takeUpdate: (told) => update((known) => boards.takeUpdate(known, told)),
    takeSelf(/** @type {any} */ entry) { self.value = { ...self.peek(), ...entry }; },
    takeAgentStatus(/** @type {any} */ told) { self.value = takeStatus(self.peek(), told); },
    openOffers: () => [...offers.peek().open.keys()],
    sentOffer: (/** @type {string} */ name) => offerings.sentBy(offers.value, agentId, name),
    takeOffer(/** @type {any} */ offer) { offers.value = offerings.takeOffer(offers.peek(), offer); },
    endOffer(/** @type {number} */ id) { offers.value = offerings.endOffer(offers.peek(), id); },
    /** Take the answer to a fetch of offers. @param {any[]} items @param {readonly number[]} asked openOffers() before it */
    takeOffers(items, asked) { offers.value = offerings.takeFetched(offers.peek(), items, asked); },
    takeMessage: (/** @type {Message} */ message) => update((known) => boards.takeMessage(known, message)),
    /** @param {string} name @param {number} id @param {number} at */
    takeRead: (name, id, at) => update((known) => boards.takeRead(known, name, id, at)),
    takeClock(/** @type {number} */ serverMs) {
      clockAheadMs.value = serverMs - Date.now();
    },
    /** Leave a session out of all lists while an action of this page takes it away, or put it back. */
    setLeaving(/** @type {string} */ name, /** @type {boolean} */ isLeaving) {
      const names = new Set(leaving.peek());
      if (isLeaving) names.add(name);
      else names.delete(name);
      leaving.value = names;
    },
  };
}
