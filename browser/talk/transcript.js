/**
 * The messages of one conversation: in the order of their ids, each once, with day separators, grouped by who speaks.
 *
 * Messages that are still on their way are known by client_id and stand last; the stored message takes their place.
 * Elements are kept and moved, not rebuilt, so that a screen reader announces only what is added.
 */

import { arrange, el, icon } from "../kit/elements.js";
import { fill, initials } from "../kit/text.js";
import { dayKey, formatClock, formatDay } from "../kit/time.js";

const GROUP_GAP_MS = 5 * 60 * 1000;
const LOOSE_STEP = 1e-6; // ids are whole numbers: this stands behind the last one and before the next
const NEAR_END_PX = 80;
const LOAD_OLDER_PX = 120;

export class Transcript {
  #list;
  #scroller;
  #options;
  #messages = [];
  #pending = new Map();
  #nodes = new Map();
  #keyByMessage = new Map();
  #separators = new Map();
  #typing = null;
  #isLoaded = false;
  #hasMore = false;
  #staysAtEnd = true;
  #isLoadingOlder = false;
  #belowButton;
  #unseenBelow = 0;

  /**
   * @param list an <ol> inside a role="log" that scrolls
   * @param options.self {role, agent} of the reader
   * @param options.isOwnSide tells whether a message stands on the reader's side
   * @param options.labelOf gives {name, tag, isAnonymous} of who speaks
   * @param options.loadOlder fetches what is before a message id: {messages, more}
   * @param options.onRetry, options.onEdit called with the client_id of a message that was not sent
   */
  constructor(list, options) {
    this.#list = list;
    this.#scroller = list.parentElement;
    this.#options = options;
    this.#scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    const onclick = () => this.scrollToEnd();
    this.#belowButton = el("button", { type: "button", class: "below", hidden: true, onclick });
    this.#scroller.after(this.#belowButton);
    // a keyboard that opens or a composer that grows must not hide the last message
    new ResizeObserver(() => this.#staysAtEnd && this.scrollToEnd()).observe(this.#scroller);
  }

  get lastId() {
    return this.#messages.at(-1)?.id ?? 0;
  }

  get isEmpty() {
    return this.#messages.length === 0 && this.#pending.size === 0;
  }

  get last() {
    return this.#messages.at(-1) ?? null;
  }

  clear() {
    this.#messages = [];
    this.#pending.clear();
    this.#nodes.clear();
    this.#keyByMessage.clear();
    this.#separators.clear();
    this.#typing = null;
    this.#isLoaded = false;
    this.#hasMore = false;
    this.#list.replaceChildren();
    this.#showBelow(0);
    this.#options.onChange?.();
  }

  /** Take a fetched state. If it does not reach back to what is shown, that is let go: older is loaded again. */
  load({ messages, more }) {
    const isConnected = !more || messages.length === 0 || messages[0].id <= this.lastId;
    if (!isConnected) this.#messages = [];
    if (!isConnected || !this.#isLoaded) {
      this.#isLoaded = true;
      this.#hasMore = more;
      this.#quietly(() => this.#merge(messages));
      this.scrollToEnd();
      return;
    }
    const follows = this.#isNearEnd();
    this.#merge(messages);
    if (follows) this.scrollToEnd();
  }

  /** Show a stored message, unless it is shown. Returns whether it was missing. */
  add(message) {
    if (this.#messages.some(({ id }) => id === message.id)) return false;
    const follows = this.#isNearEnd() || this.#pending.has(message.client_id);
    this.#merge([message]);
    if (follows) this.scrollToEnd();
    else this.#showBelow(this.#unseenBelow + 1);
    return true;
  }

  /** Show a message that has no id, because no log knows it: it stands where it came, until the next load. */
  addLoose({ role = "system", agent = null, content }) {
    const follows = this.#isNearEnd();
    this.#merge([{ id: this.lastId + LOOSE_STEP, role, agent, content, created_at: new Date().toISOString() }]);
    if (follows) this.scrollToEnd();
  }

  /** Show a message that is on its way, or on its way again. */
  addPending({ client_id: clientId, content }) {
    if (this.#messages.some((message) => message.client_id === clientId)) return;
    if (this.#pending.has(clientId)) {
      this.markPending(clientId, "sending");
      return;
    }
    const { role, agent } = this.#options.self;
    const createdAt = new Date().toISOString();
    this.#pending.set(clientId, { client_id: clientId, role, agent, content, created_at: createdAt, state: "sending" });
    this.#render();
    this.scrollToEnd();
  }

  /** Say whether a message is "sending", "delayed" or "failed", and why it failed. */
  markPending(clientId, state, reason = "") {
    const pending = this.#pending.get(clientId);
    if (!pending) return;
    Object.assign(pending, { state, reason });
    this.#render();
    if (state === "failed") this.scrollToEnd();
  }

  removePending(clientId) {
    this.#pending.delete(clientId);
    this.#nodes.delete(`c:${clientId}`);
    this.#render();
  }

  /** Show that somebody writes ({name, kind}), or null. */
  setTyping(who) {
    if ((this.#typing?.name ?? null) === (who?.name ?? null)) return;
    const follows = this.#isNearEnd();
    this.#typing = who ? { name: who.name, node: typingNode(who) } : null;
    this.#render();
    if (follows) this.scrollToEnd();
  }

  scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#showBelow(0);
  }

  #merge(messages) {
    const known = new Set(this.#messages.map(({ id }) => id));
    const missing = messages.filter(({ id }) => !known.has(id));
    for (const message of missing) {
      if (this.#pending.delete(message.client_id)) this.#keyByMessage.set(message.id, `c:${message.client_id}`);
    }
    this.#messages = [...this.#messages, ...missing].sort((one, other) => one.id - other.id);
    this.#render();
  }

  #onScroll() {
    this.#staysAtEnd = this.#isNearEnd();
    if (this.#staysAtEnd) this.#showBelow(0);
    if (this.#scroller.scrollTop < LOAD_OLDER_PX) this.#loadOlder();
  }

  async #loadOlder() {
    if (!this.#hasMore || this.#isLoadingOlder || this.#messages.length === 0) return;
    this.#isLoadingOlder = true;
    const first = this.#messages[0].id;
    this.#scroller.setAttribute("aria-busy", "true");
    try {
      const { messages, more } = await this.#options.loadOlder(first);
      if (this.#messages[0]?.id !== first) return; // another conversation was opened meanwhile
      this.#hasMore = more;
      const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
      this.#quietly(() => this.#merge(messages));
      this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
    } catch {
      // the next scroll tries again
    } finally {
      this.#isLoadingOlder = false;
      this.#scroller.removeAttribute("aria-busy");
    }
  }

  /** Change the list without a screen reader reading all of it out. */
  #quietly(change) {
    this.#scroller.setAttribute("aria-live", "off");
    change();
    requestAnimationFrame(() => this.#scroller.setAttribute("aria-live", "polite"));
  }

  #isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  #showBelow(count) {
    this.#unseenBelow = count;
    this.#belowButton.hidden = count === 0;
    const text = fill(ngettext("%(count)s new message", "%(count)s new messages", count), { count });
    this.#belowButton.replaceChildren(icon("down"), text);
  }

  #render() {
    const wanted = [];
    let previous = null;
    const entries = [...this.#messages, ...this.#pending.values()];
    for (const message of entries) {
      const startsDay = !previous || dayKey(previous.created_at) !== dayKey(message.created_at);
      if (startsDay) wanted.push(this.#separator(message.created_at));
      const node = this.#node(message);
      node.classList.toggle("starts-group", startsDay || !isSameGroup(previous, message));
      wanted.push(node);
      previous = message;
    }
    if (this.#typing) wanted.push(this.#typing.node);
    arrange(this.#list, wanted);
    this.#options.onChange?.();
  }

  #separator(iso) {
    const key = dayKey(iso);
    if (!this.#separators.has(key)) {
      this.#separators.set(key, el("li", { class: "day" }, el("span", {}, formatDay(iso))));
    }
    return this.#separators.get(key);
  }

  #node(message) {
    const key = message.id ? this.#keyByMessage.get(message.id) ?? `m:${message.id}` : `c:${message.client_id}`;
    let node = this.#nodes.get(key);
    if (!node) {
      node = message.role === "system" ? systemNode(message) : this.#bubbleNode(message);
      this.#nodes.set(key, node);
    }
    if (message.role !== "system") this.#updateFoot(node, message);
    return node;
  }

  #bubbleNode(message) {
    const isOwn = !message.id || this.#options.isOwnSide(message);
    const { name, tag, isAnonymous } = this.#options.labelOf(message);
    return el("li", { class: `message by-${message.role}${isOwn ? " own" : ""}` },
      avatar(message.role, isAnonymous ? "" : name),
      el("div", { class: "body" },
        el("div", { class: "who" },
          el("span", { class: "name" }, name),
          tag ? el("span", { class: "tag" }, tag) : null),
        el("div", { class: "bubble", dir: "auto" }, message.content),
        el("div", { class: "foot" })));
  }

  #updateFoot(node, message) {
    const foot = node.querySelector(".foot");
    const state = message.id ? "stored" : message.state;
    if (foot.dataset.state === state && state !== "failed") return;
    foot.dataset.state = state;
    node.classList.toggle("pending", state !== "stored");
    node.classList.toggle("failed", state === "failed");
    if (state === "sending") foot.replaceChildren(gettext("Sending…"));
    else if (state === "delayed") foot.replaceChildren(gettext("A lot at once: this is sent in a moment."));
    else if (state === "failed") foot.replaceChildren(...this.#failure(message));
    else foot.replaceChildren(el("time", { datetime: message.created_at }, formatClock(message.created_at)));
  }

  #failure({ client_id: clientId, reason }) {
    const act = (label, handler) =>
      el("button", { type: "button", class: "link", onclick: () => handler(clientId) }, label);
    return [
      icon("alert"),
      el("span", {}, reason || gettext("Not sent.")),
      act(gettext("Retry"), this.#options.onRetry),
      act(gettext("Edit"), this.#options.onEdit),
    ];
  }
}

/** The round sign of a speaker: initials, or an icon for the assistant and for customers who gave no name. */
export function avatar(kind, name) {
  return el("span", { class: `avatar by-${kind}`, "aria-hidden": "true" }, faceOf(kind, name));
}

export function faceOf(kind, name) {
  if (kind === "bot") return icon("bot");
  return name ? initials(name) : icon("user");
}

function systemNode({ content, created_at: createdAt }) {
  const time = el("time", { datetime: createdAt }, formatClock(createdAt));
  return el("li", { class: "notice" }, el("span", {}, content, " ", time));
}

function typingNode({ kind, name }) {
  const label = fill(gettext("%(name)s is writing…"), { name });
  return el("li", { class: `message typing by-${kind} starts-group` },
    avatar(kind, name),
    el("div", { class: "body" },
      el("span", { class: "sr-only" }, label),
      el("div", { class: "bubble", "aria-hidden": "true" }, el("i"), el("i"), el("i"))));
}

function isSameGroup(previous, message) {
  return previous.role === message.role
    && previous.agent?.id === message.agent?.id
    && new Date(message.created_at) - new Date(previous.created_at) < GROUP_GAP_MS;
}
