/**
 * The messages of one conversation on the page: what is known of them is a value (model/transcript.js), views draw it.
 *
 * Here is what only a page has: where the reader stands, what is fetched on the way up, and who is called back.
 */

import { computed, flushNow, html, render, signal } from "../kit/ui.js";
import {
  addPending, EMPTY, gapOf, interrupt, isEmpty, lastIdOf, markPending, missedIn, removePending, shownOf, takeLoose,
  takeMessage, takeOlder, takePage,
} from "./model/transcript.js";
import { NO_RECEIPT, takeReceipt } from "./model/receipts.js";
import { Reading } from "./reading.js";
import { EndScroller } from "./scroller.js";
import { ActionBar, MessageActions } from "./views/actions.js";
import { Below, makeRows } from "./views/rows.js";

const TYPING_MS = 6000; // how long a sign of it counts
const LAID_OUT_ROWS = 300; // while the reader stands at the end; on the way up as many more each time

export class Transcript {
  #known = EMPTY;
  #shown = signal({ entries: shownOf(EMPTY), gap: Infinity, missed: missedIn(EMPTY, null, []) });
  /** The id of what stands last, undefined if that is not stored. */
  newestId = computed(() => this.#shown.value.entries.at(-1)?.message.id);
  #absence = null;
  #others;
  #limit = signal(LAID_OUT_ROWS);
  #typing = signal(null);
  #unseenBelow = signal(0);
  #receipt = signal(NO_RECEIPT);
  #more = signal({});
  #typingTimer = null;
  #reading;
  #scroller;
  #options;
  #isLoadingOlder = false;

  /**
   * @param list an <ol> inside a role="log" that scrolls
   * @param options.self {role, agent} of the reader
   * @param options.isOwnSide tells whether a message stands on the reader's side
   * @param options.labelOf gives {name, tag} of who speaks, and a face where the page has one
   * @param options.noticeOf gives the words of a system message
   * @param options.loadOlder fetches what is before a message id: {messages, more}
   * @param options.onRetry, options.onEdit called with the client_id of a message that was not sent
   * @param options.agentOf gives the agent who writes, for the customer's page
   * @param options.onChange called after every change
   * @param options.receiptsPath gives the path where this reader's receipts of a session are told, null if he tells none
   * @param options.onReply called with the text of a message that is to be quoted
   * @param options.onSeen called with the id up to which this reader has seen the other side's messages
   */
  constructor(list, options) {
    this.#options = options;
    this.#others = options.self.role === "customer" ? ["agent", "bot"] : ["customer"];
    const below = document.createElement("div");
    list.parentElement.after(below);
    this.#scroller = new EndScroller(list.parentElement, {
      onEnd: () => { this.#unseenBelow.value = 0; },
      onTop: () => this.#showOlder(),
    });
    this.#reading = new Reading(list, options.onSeen);
    const talk = { ...options, receipt: this.#receipt, more: this.#more };
    const Rows = makeRows({ shown: this.#shown, limit: this.#limit, typing: this.#typing, talk });
    render(html`<${Rows} />`, list);
    const contentOf = (id) => this.#known.stored.find(({ message }) => message.id === id)?.message.content;
    render(html`<${Below} count=${this.#unseenBelow} onClick=${() => this.scrollToEnd()} />
      <${ActionBar} actions=${new MessageActions(list)} contentOf=${contentOf} onReply=${options.onReply} />`, below);
  }

  get lastId() {
    return lastIdOf(this.#known);
  }

  get isEmpty() {
    return isEmpty(this.#known);
  }

  get stored() {
    return this.#known.stored;
  }

  /** How often events were missed: who fetches notes it before, and hands it to load(). */
  get interruptions() {
    return this.#known.interruptions;
  }

  get entries() {
    return this.#shown.peek().entries;
  }

  /** From here on messages have more than their words.
   * @param more {Said, Note, withMade(entries)}, where they are: the view of a bot's message's bubble; of what stands below the
   *   words of a stored message; what is shown, with the answers that are being made */
  extend(more) {
    this.#more.value = more;
  }

  /** Draw again what `withMade` adds. @param isMore whether it adds an answer that was not there */
  showMade(isMore) {
    if (!this.#setFollowing({ ...this.#known }) && isMore) this.#unseenBelow.value += 1;
  }

  clear() {
    this.setTyping(null);
    this.#absence = null;
    this.#reading.tellTo(null);
    this.#receipt.value = NO_RECEIPT;
    this.#set(EMPTY);
    this.#unseenBelow.value = 0;
  }

  /** Take a fetched state. If it does not reach back to what is shown, that is dropped: older is loaded again.
   * @param asked the interruptions when it was asked for */
  load(page, asked = this.interruptions) {
    this.#takeReceipts(page);
    this.#show(takePage(this.#known, page, asked));
    this.#noteArrival();
  }

  #show(next) {
    if (next.from <= this.#known.from && this.#known.from !== Infinity) {
      this.#setFollowing(next);
      return;
    }
    this.#scroller.quietly(() => this.#set(next));
    this.scrollToEnd();
  }

  /** Events were missed: until the next load() what comes does not join what is shown. */
  interrupt() {
    this.#setFollowing(interrupt(this.#known));
  }

  /** The stream is lost: what the others write from here on was missed, until resume(). */
  lose() {
    if (this.#absence?.until !== Infinity) this.#absence = { after: this.lastId, until: Infinity };
  }

  /** The stream is back. @param atMs when, by the server's clock */
  resume(atMs) {
    if (this.#absence?.until === Infinity) this.#absence.until = atMs;
  }

  /** Show a stored message, unless it is shown. Returns whether it was missing. */
  add(message) {
    const before = this.#known;
    const next = takeMessage(before, message);
    if (next.stored === before.stored) {
      this.#known = next;
      return false;
    }
    if (message.role === this.#typing.peek()?.kind) this.setTyping(null);
    const isOwn = next.pending.length < before.pending.length;
    const last = this.entries.at(-1)?.message;
    const wasShown = last?.state === "growing" && last.client_id === message.client_id;
    if (!this.#setFollowing(next, isOwn) && !wasShown) this.#unseenBelow.value += 1;
    this.#noteArrival();
    return true;
  }

  /** Show a message that has no id, because no log knows it: it stands where it came, until the next reload. */
  addLoose({ role = "system", agent = null, content }) {
    this.#setFollowing(takeLoose(this.#known, { role, agent, content, created_at: new Date().toISOString() }));
  }

  /** Show a message that is on its way, or on its way again. */
  addPending({ client_id: clientId, content, attachments }) {
    const next = addPending(this.#known, {
      ...this.#options.self, client_id: clientId, content, attachments, created_at: new Date().toISOString(), state: "sending", reason: "",
    });
    const isNew = next.pending.length > this.#known.pending.length;
    this.#setFollowing(next, isNew);
  }

  /** Say whether a message is "sending", "delayed", "waiting" or "failed", and why it failed. */
  markPending(clientId, state, reason = "") {
    this.#setFollowing(markPending(this.#known, clientId, state, reason), state === "failed");
  }

  /** It did not get through and waits, or it was refused: then the error says why. */
  markFailed(clientId, { isPassing, message }) {
    this.markPending(clientId, isPassing ? "waiting" : "failed", isPassing ? "" : message);
  }

  removePending(clientId) {
    this.#set(removePending(this.#known, clientId));
  }

  /** Show that somebody writes ({name, kind}), or null; forgotten after `forMs`. */
  setTyping(who, forMs = null) {
    clearTimeout(this.#typingTimer);
    if (who && forMs) this.#typingTimer = setTimeout(() => this.setTyping(null), forMs);
    if (this.#typing.peek()?.name === who?.name) return;
    const follows = this.#scroller.staysAtEnd;
    flushNow(() => { this.#typing.value = who; });
    if (follows) this.scrollToEnd();
  }

  /** Take a `typing`, `message_delivered` or `message_read` of this session; what this side did itself says nothing. */
  receive({ type, data: { payload } }) {
    const { role, active, message_id: id } = payload;
    if (role === this.#options.self.role) return;
    if (type === "typing") this.setTyping(active === false ? null : this.#writerOf(role), TYPING_MS);
    else if (type === "message_delivered") this.#receipt.value = takeReceipt(this.#receipt.peek(), { delivered: id });
    else if (type === "message_read") this.#receipt.value = takeReceipt(this.#receipt.peek(), { seen: id });
  }

  scrollToEnd() {
    this.#scroller.toEnd();
    this.#unseenBelow.value = 0;
  }

  #writerOf(role) {
    const agent = this.#options.agentOf?.() ?? null;
    const { name, face } = this.#options.labelOf({ role, agent });
    return { kind: role, name, face };
  }

  /** A fetch says what was told already; and by then whose receipts count may have changed. */
  #takeReceipts({ session_name: name, receipts }) {
    this.#reading.tellTo(this.#options.receiptsPath?.(name) ?? null);
    if (!receipts) return;
    const { role } = this.#options.self;
    this.#reading.takeTold(receipts[role]);
    this.#receipt.value = takeReceipt(this.#receipt.peek(), receipts[role === "customer" ? "agent" : "customer"]);
  }

  /** The last message of the other side is here, and soon on the screen. */
  #noteArrival() {
    const last = this.#known.stored.findLast(({ message }) => this.#others.includes(message.role) && Number.isInteger(message.id));
    this.#reading.arrive(last?.message.id);
  }

  /** Preact renders late; what measures the page must not wait for it. */
  #set(next, limit = LAID_OUT_ROWS) {
    this.#known = next;
    flushNow(() => {
      const missed = missedIn(next, this.#absence, this.#others);
      const entries = shownOf(next);
      this.#shown.value = { entries: this.#more.peek().withMade?.(entries) ?? entries, gap: gapOf(next), missed };
      this.#limit.value = limit;
    });
    this.#options.onChange?.();
  }

  /** Stay at the end if the reader stands there, or has to. Returns whether it does. */
  #setFollowing(next, hasTo = false) {
    if (next === this.#known) return true;
    const follows = hasTo || this.#scroller.staysAtEnd;
    // who reads above keeps the rows that he has: none goes at the top for one that comes at the end
    const added = next.stored.length + next.pending.length - this.#known.stored.length - this.#known.pending.length;
    this.#set(next, follows ? LAID_OUT_ROWS : this.#limit.peek() + 2 * Math.max(0, added));
    if (follows) this.scrollToEnd();
    return follows;
  }

  async #showOlder() {
    const { from, hasMore } = this.#known;
    if (this.#shown.peek().entries.length > this.#limit.peek()) this.#showMoreRows();
    else if (hasMore && !this.#isLoadingOlder) await this.#loadOlder(from);
  }

  #showMoreRows() {
    this.#scroller.keepPlace(() => flushNow(() => { this.#limit.value += LAID_OUT_ROWS; }));
  }

  async #loadOlder(from) {
    this.#isLoadingOlder = true;
    this.#scroller.setBusy(true);
    try {
      const older = await this.#options.loadOlder(from);
      if (this.#known.from !== from) return; // another conversation was opened meanwhile
      const next = takeOlder(this.#known, from, older);
      this.#scroller.keepPlace(() => this.#set(next, this.#limit.peek() + LAID_OUT_ROWS));
    } catch {
      // the next scroll tries again
    } finally {
      this.#isLoadingOlder = false;
      this.#scroller.setBusy(false);
    }
  }
}
