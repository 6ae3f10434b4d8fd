/**
 * What the customer's page knows, as signals, and the only functions that change it.
 *
 * @import { Agent, Fetched } from "../browser/talk/model/session.js"
 * @typedef {{role: string, agent?: Agent | null}} Message
 * @typedef {Fetched & {messages: Message[], customer?: {email: string}, ratable?: boolean,
 *   queue?: {why: string, minutes?: number[] | null} | null}} FetchedSession
 * @typedef {{id: number, name: string, able: number, is_open: boolean, opens_at: string | null}} Team
 * @typedef {"" | "lost" | "slow"} Trouble
 * @typedef {ReturnType<typeof createStore>} Store
 */

import { batch, computed, signal } from "../browser/kit/ui.js";
import { NEW_SESSION, positionOf, STATUS, takePosition, takeSession } from "../browser/talk/model/session.js";

const NO_LINK = { isLive: false, since: 0, until: 0 }; // when the stream opened last, and was lost
const UNASKED = { version: -1, isRatable: false };

export function createStore() {
  const session = signal(NEW_SESSION);
  const name = signal(/** @type {string | null} */ (null));
  const isEmpty = signal(true);
  const servedBy = signal(/** @type {Agent | null} */ (null)); // the last person, also when it is over
  const email = signal("");
  const rating = signal(UNASKED); // of which version it was said
  const ratedVersion = signal(-1);
  const declinedVersion = signal(-1);
  const trouble = signal(/** @type {Trouble} */ (""));
  const link = signal(NO_LINK);
  const busyWith = signal(""); // the action under way
  const unread = signal(0);
  const why = signal(""); // why who waits does
  const minutes = signal(/** @type {readonly number[] | null} */ (null)); // from and to: how long others have waited
  const choices = signal(/** @type {readonly Team[]} */ ([])); // of teams, while the customer chooses one

  const status = computed(() => session.value.status);
  const position = computed(() => positionOf(session.value));
  const agent = computed(() => (status.value === STATUS.live ? session.value.agent : null));
  const canAskForHuman = computed(() => status.value === STATUS.bot || status.value === STATUS.closed);

  /** What is true at the moment and stands at the end of the log. */
  const card = computed(() => {
    const { version } = session.value;
    if (status.value === STATUS.waiting) return "waiting";
    if (status.value !== STATUS.closed) return null;
    if (ratedVersion.value === version) return "thanks";
    const isAsked = rating.value.isRatable && rating.value.version === version;
    return isAsked && declinedVersion.value < version ? "rating" : "closed";
  });

  /** Whether a closed session has come of which it is not known whether it can be rated: only a fetch says that. */
  const needsRating = () => status.peek() === STATUS.closed && rating.peek().version < session.peek().version;

  /** @param {FetchedSession} fetched */
  function takeFetched(fetched) {
    batch(() => {
      session.value = takeSession(session.peek(), fetched);
      if (fetched.version >= rating.peek().version) {
        rating.value = { version: fetched.version, isRatable: fetched.ratable ?? false };
      }
      email.value = fetched.customer?.email ?? "";
      why.value = fetched.queue?.why ?? "";
      minutes.value = fetched.queue?.minutes ?? null;
      takeServedBy(fetched.agent ?? fetched.messages.findLast(({ role }) => role === "agent")?.agent);
    });
  }

  /** Take the payload of a status_change. Returns whether it was news. @param {Fetched} payload */
  function takeStatus(payload) {
    const before = session.peek();
    batch(() => {
      session.value = takeSession(before, payload);
      takeServedBy(payload.agent);
    });
    return session.peek().version > before.version;
  }

  /** @param {Agent | null | undefined} person */
  function takeServedBy(person) {
    if (person) servedBy.value = person;
  }

  /** The stream is live, or not: since when nothing is missing, and until when. @param {boolean} isLive @param {number} at */
  function takeLink(isLive, at) {
    const before = link.peek();
    if (isLive === before.isLive) return;
    link.value = isLive ? { isLive, since: at, until: 0 } : { ...before, isLive, until: at };
  }

  /** Nothing is known of any conversation. */
  function clear() {
    batch(() => {
      session.value = NEW_SESSION;
      name.value = null;
      servedBy.value = null;
      why.value = "";
      minutes.value = null;
      choices.value = [];
      email.value = "";
      rating.value = UNASKED;
      ratedVersion.value = -1;
      declinedVersion.value = -1;
      trouble.value = "";
      link.value = NO_LINK;
    });
  }

  return {
    agent, busyWith, canAskForHuman, card, choices, email, isEmpty, link, minutes, name, position, servedBy, session, status,
    trouble, unread, why, clear, needsRating, takeFetched, takeLink, takeStatus,
    /** @param {number | null} place @param {string} reason why he waits, if it was told with the place */
    takePosition(place, reason = "") {
      batch(() => {
        session.value = takePosition(session.peek(), place);
        why.value = reason;
      });
    },
    rated: () => { ratedVersion.value = session.peek().version; },
    /** The customer does not want to rate what ended with this version. @param {number} version */
    decline: (version) => { declinedVersion.value = version; },
  };
}
