/**
 * What this page knows of all sessions: the queue, the agent's own, and how many messages are unread.
 *
 * States come from fetches and from events, in any order and some of them twice. Of two states of a session the one
 * with the higher `version` is right; a message counts once, by its id.
 */

import { STATUS } from "../browser/talk/conversation.js";
import { fill } from "../browser/kit/text.js";

const PREVIEWED = new Set(["customer", "agent"]); // whose words a list shows, as the server does
const MAX_REMEMBERED = 500; // sessions whose last read message this browser remembers

export class Board {
  #agentId;
  #onChange;
  #sessions = new Map();
  #unread = new Map();
  #readKey;
  #readIds;
  #isChangeAnnounced = false;

  /** @param onChange called once after any number of changes made in one go */
  constructor(agentId, onChange) {
    this.#agentId = agentId;
    this.#onChange = onChange;
    this.#readKey = `handover:read:${agentId}`;
    this.#readIds = this.#loadReadIds();
    window.addEventListener("storage", ({ key }) => key === this.#readKey && this.#takeReadIds());
  }

  get(name) {
    return this.#sessions.get(name) ?? null;
  }

  isMine(session) {
    return session?.status === STATUS.live && session.agent?.id === this.#agentId;
  }

  /** Who waits, longest first. */
  get queue() {
    const waiting = [...this.#sessions.values()].filter(({ status }) => status === STATUS.waiting);
    return waiting.sort((one, other) => (one.waiting_since ?? Infinity) - (other.waiting_since ?? Infinity));
  }

  /** The agent's live sessions, newest activity first. */
  get mine() {
    const mine = [...this.#sessions.values()].filter((session) => this.isMine(session));
    return mine.sort((one, other) => (other.last_activity_at ?? "").localeCompare(one.last_activity_at ?? ""));
  }

  unreadOf(name) {
    return this.#unread.get(name)?.size ?? 0;
  }

  get unreadTotal() {
    return this.mine.reduce((total, { session_name: name }) => total + this.unreadOf(name), 0);
  }

  /** Take a session from a list or from its own GET. */
  takeSession(fetched) {
    const { messages, waiting_since: waitingSince, last_activity_at: lastActivityAt, position: _, ...session } = fetched;
    const { session_name: name, version = 0 } = session;
    const known = this.#sessions.get(name);
    const isOlder = known && version < known.version;
    const { status, agent, ...rest } = session;
    const news = isOlder ? {} : { ...rest, status, agent, version };
    if (!isOlder && waitingSince) news.waiting_since = known?.waiting_since ?? Date.parse(waitingSince);
    if (lastActivityAt && lastActivityAt > (known?.last_activity_at ?? "")) news.last_activity_at = lastActivityAt;
    this.#put(name, news);
    if (messages?.length) this.#takePreview(messages.filter(({ role }) => PREVIEWED.has(role)).at(-1) ?? messages.at(-1));
    if (messages && this.isMine(this.get(name))) messages.forEach((message) => this.#countUnread(message));
  }

  /** Take the whole queue as fetched: whoever is not in it does not wait. */
  takeQueue(items) {
    const names = new Set(items.map(({ session_name: name }) => name));
    for (const { session_name: name } of this.queue) if (!names.has(name)) this.#put(name, { status: null });
    for (const { waiting_seconds: waitingSeconds, position: _place, ...item } of items) {
      if (item.version < this.get(item.session_name)?.version) continue;
      const since = Date.now() - waitingSeconds * 1000;
      this.#put(item.session_name, { ...item, status: STATUS.waiting, agent: null, waiting_since: since });
    }
  }

  /** Take a status_change. Returns whether it was newer than what is known. */
  takeStatus({ session_name: name, status, agent, version }, at) {
    const known = this.#sessions.get(name);
    if (known && version <= known.version) return false;
    const requestedAt = known?.requested_at ?? (known?.status === STATUS.waiting ? known.waiting_since : at);
    const waitingSince = status === STATUS.waiting ? requestedAt : null;
    this.#put(name, { status, agent, version, waiting_since: waitingSince, requested_at: null });
    if (!this.isMine(this.get(name))) this.#unread.delete(name);
    return true;
  }

  /** Take what a transfer_request tells of a waiting customer; its status_change may come before or after it. */
  takeTransferRequest({ session_name: name, reason, last_message: lastMessage }, since) {
    const known = this.#sessions.get(name);
    const details = { reason, last_message: lastMessage };
    if (!known || known.status === null) this.#put(name, { ...details, status: STATUS.waiting, waiting_since: since });
    else if (known.status === STATUS.waiting) this.#put(name, { ...details, waiting_since: since });
    else this.#put(name, { ...details, requested_at: since });
  }

  takeMessage(message) {
    this.#takePreview(message);
    if (this.isMine(this.get(message.session_name))) this.#countUnread(message);
  }

  /** All up to this message is read, in every tab. */
  markRead(name, messageId) {
    if (!(messageId > (this.#readIds[name] ?? 0))) return;
    const { [name]: _older, ...others } = this.#loadReadIds();
    this.#readIds = Object.fromEntries([...Object.entries(others), [name, messageId]].slice(-MAX_REMEMBERED));
    localStorage.setItem(this.#readKey, JSON.stringify(this.#readIds));
    this.#dropRead();
  }

  /** The name that a customer gave, else empty. */
  givenNameOf(session) {
    return session?.customer?.name?.trim() ?? "";
  }

  /** What to call a customer: by name, else by the end of the session's name. */
  nameOf(session) {
    const code = (session?.session_name ?? "").slice(-4).toUpperCase();
    return this.givenNameOf(session) || fill(gettext("Visitor %(code)s"), { code });
  }

  #put(name, news) {
    const known = this.#sessions.get(name) ?? { version: 0, status: null, agent: null };
    this.#sessions.set(name, { ...known, ...news, session_name: name });
    this.#announceChange();
  }

  #takePreview({ session_name: name, content, created_at: createdAt, role }) {
    if (!name || (this.get(name)?.last_activity_at ?? "") > createdAt) return;
    this.#put(name, { last_activity_at: createdAt, ...(PREVIEWED.has(role) ? { last_message: content } : {}) });
  }

  #countUnread({ id, session_name: name, role }) {
    if (role !== "customer" || id <= (this.#readIds[name] ?? 0)) return;
    if (!this.#unread.has(name)) this.#unread.set(name, new Set());
    this.#unread.get(name).add(id);
    this.#announceChange();
  }

  #loadReadIds() {
    return JSON.parse(localStorage.getItem(this.#readKey) ?? "{}");
  }

  #takeReadIds() {
    this.#readIds = this.#loadReadIds();
    this.#dropRead();
  }

  #dropRead() {
    for (const [name, ids] of this.#unread) {
      ids.forEach((id) => id <= (this.#readIds[name] ?? 0) && ids.delete(id));
    }
    this.#announceChange();
  }

  #announceChange() {
    if (this.#isChangeAnnounced) return;
    this.#isChangeAnnounced = true;
    queueMicrotask(() => {
      this.#isChangeAnnounced = false;
      this.#onChange();
    });
  }
}
