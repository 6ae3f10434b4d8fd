/** The middle pane: one conversation, and what can be done with it. */

import { Composer } from "../browser/talk/composer.js";
import { keepDraft, readDraft } from "../browser/talk/drafts.js";
import { fetchSession, sessionPath, STATUS } from "../browser/talk/conversation.js";
import { Outbox } from "../browser/net/outbox.js";
import { TypingSender } from "../browser/net/typing.js";
import { Transcript } from "../browser/talk/transcript.js";
import { Uploads } from "../browser/talk/uploads.js";
import { callApi } from "../browser/net/http.js";
import { byId } from "../browser/kit/page.js";
import { fill } from "../browser/kit/text.js";
import { formatRecent } from "../browser/kit/time.js";
import { noticeText } from "./notices.js";
import { labelOf } from "./speakers.js";
import { faceClass, lettersOf, nameOf } from "./views/customer.js";

const RETRY_MS = 2000;

export class OpenConversation {
  name = null;
  #store;
  #config;
  #transcript;
  #composer;
  #outboxes = new Map();
  #uploads = new Map();
  #callbacks;
  #isRefused = false;
  #isWatched = false;
  #retryTimer = null;
  #lastOfCustomer = null;

  /** @param callbacks watch(positions), onError(error) */
  constructor(store, config, callbacks) {
    this.#store = store;
    this.#config = config;
    this.#callbacks = callbacks;
    this.#transcript = new Transcript(byId("messages"), {
      self: { role: "agent", agent: config.agent },
      isOwnSide: ({ role }) => role === "agent",
      labelOf: (message) => labelOf(this.session, message, config.agent.id),
      noticeOf: (message) => noticeText(message, config.agent.id),
      loadOlder: (before) => fetchSession(this.name, before),
      onRetry: () => this.#outbox(this.name).retry(),
      onEdit: (clientId) => this.#takeBack(clientId),
      onReply: (text) => !byId("composer").hidden && this.#composer.quote(text),
      receiptsPath: (name) => (this.#store.isMine(this.session) ? sessionPath(name, "receipts") : null),
      onSeen: (id) => this.#markRead(id),
    });
    const typing = new TypingSender(() => this.name && sessionPath(this.name, "typing"));
    this.#composer = new Composer(byId("composer"), {
      maxLength: config.maxContentLength,
      uploads: this.#uploadsOf(null),
      dropPlace: byId("open"),
      onSend: (content, attachments) => this.#send(content, attachments),
      onInput: (text) => this.#saveDraft(text),
      onTyping: (text) => typing.hear(text),
      onError: callbacks.onError,
    });
    // without it messages are told by their words alone, and nobody helps
    import("./assistance.js").then(({ assist }) => assist(store, this.#transcript, this.#composer)).catch(() => {});
  }

  get session() {
    return this.#store.get(this.name) ?? { session_name: this.name, status: null, agent: null };
  }

  async open(name) {
    if (name === this.name) return;
    this.name = name;
    this.#store.openName.value = name;
    this.#isRefused = false;
    this.#lastOfCustomer = null;
    this.#unwatch();
    this.#transcript.clear();
    this.#composer.value = readDraft(this.#draftKey);
    this.#composer.uploads = this.#uploadsOf(name);
    this.show();
    this.focus();
    this.#outbox(name).items.forEach((item) => this.#transcript.addPending(item));
    this.#outbox(name).flush();
    await this.goOn();
  }

  /** Fetch the open session, and go on in it, unless meanwhile the agent has gone elsewhere or marked something. */
  async goOn() {
    const { name } = this;
    const before = document.activeElement;
    await this.refetch();
    const isFree = [before, document.body].includes(document.activeElement) && getSelection().isCollapsed;
    if (this.name === name && isFree) this.focus();
  }

  close() {
    this.name = null;
    this.#store.openName.value = null;
    this.#transcript.clear();
    this.#unwatch();
    this.show();
  }

  /**
   * Fetch the open session, until it is there. If its messages do not come over the agent's channel, its own is watched
   * from there.
   */
  async refetch() {
    const { name } = this;
    clearTimeout(this.#retryTimer);
    if (!name) return;
    try {
      const asked = this.#transcript.interruptions;
      const tellings = this.#store.tellings();
      const session = await fetchSession(name);
      this.#store.takeSession(session, tellings);
      if (this.name !== name) return;
      this.#take(session, asked);
    } catch (error) {
      if (this.name !== name) return;
      await this.#explainRefusal(name, error);
    }
    this.show();
  }

  /** The right to read may have ended while the answer was on its way: then the answer is not shown. */
  #take(session, asked) {
    this.#isRefused = !this.#isReadable;
    if (this.#isRefused) return;
    session.messages.forEach((message) => this.#noteCustomer(message));
    this.#transcript.load(session, asked);
    this.#watch(session.position);
  }

  /** A colleague's live conversation is for him and for supervisors. */
  get #isReadable() {
    return this.session.status !== STATUS.live || this.#config.isSupervisor || this.#store.isMine(this.session);
  }

  /** Who may not read a conversation may know who has it. */
  async #explainRefusal(name, error) {
    this.#isRefused = error.status === 403 || error.status === 404;
    if (error.isPassing) this.#retryTimer = setTimeout(() => this.refetch(), RETRY_MS);
    if (error.status !== 403) {
      this.#callbacks.onError(error);
      return;
    }
    this.#transcript.clear();
    try {
      const { items } = await callApi("GET", `/api/sessions?q=${encodeURIComponent(name)}&limit=1`);
      items.filter((item) => item.session_name === name).forEach((item) => this.#store.takeSession(item));
    } catch (failure) {
      this.#callbacks.onError(failure);
    }
  }

  /** Events were missed: until it is fetched again, what comes does not join what is shown. */
  interrupt() {
    this.#transcript.interrupt();
  }

  /** The stream was lost, or came back at this moment of the server's clock. */
  lose() {
    this.#transcript.lose();
  }

  resume(atMs) {
    this.#transcript.resume(atMs);
  }

  receiveMessage(message) {
    if (message.session_name !== this.name || !this.#isReadable) return;
    this.#transcript.add(message);
    this.#noteCustomer(message);
  }

  /** The customer writes, has got messages, or has seen them. */
  receiveSign(event) {
    if (event.data.payload?.session_name === this.name) this.#transcript.receive(event);
  }

  /** A message that another program published on Redis is in no log: shown live, gone with the next reload. */
  showForeign(message) {
    if (message.session_name === this.name && typeof message.content === "string") this.#transcript.addLoose(message);
  }

  /** The status changed: from a session that leaves the agent on, its messages come over its own channel only; where the
   * right to read it ends, they leave the screen. */
  receiveStatus({ session_name: name }) {
    if (name !== this.name) return;
    if (!this.#isReadable) {
      this.#isRefused = true;
      this.#transcript.clear();
      this.#unwatch();
    } else if (this.#isRefused || (!this.#store.isMine(this.session) && !this.#isWatched)) this.refetch();
    this.show();
  }

  show() {
    byId("nothing-open").hidden = this.name !== null;
    byId("open").hidden = this.name === null;
    if (!this.name) return;
    const { session } = this;
    setText(byId("open-name"), nameOf(session));
    setText(byId("open-avatar"), lettersOf(session));
    byId("open-avatar").className = faceClass(session);
    setText(byId("open-presence"), presenceOf(session));
    this.#showStatus(session);
    this.#showActions(session);
  }

  /** Where the agent goes on: the reply, unless a keyboard on the screen would cover the conversation. */
  focus() {
    const hasKeyboard = matchMedia("(pointer: fine)").matches;
    if (hasKeyboard && !byId("composer").hidden) this.#composer.focus();
    else byId("open-name").focus({ preventScroll: true });
  }

  #watch(position) {
    if (this.#store.isMine(this.session) || this.#isWatched) return;
    this.#isWatched = true;
    this.#callbacks.watch({ [this.name]: position });
  }

  #unwatch() {
    if (this.#isWatched) this.#callbacks.watch({});
    this.#isWatched = false;
  }

  #showStatus({ status, agent, changed_at: changedAt }) {
    const texts = {
      [STATUS.bot]: gettext("With the assistant"),
      [STATUS.waiting]: gettext("Waiting"),
      [STATUS.live]: this.#store.isMine({ status, agent }) ? gettext("With you") : withAgent(agent, changedAt),
      [STATUS.closed]: gettext("Closed"),
    };
    setText(byId("open-status"), texts[status] ?? "");
    byId("open-status").dataset.status = status;
  }

  #showActions(session) {
    const isLeaving = this.#store.isMine(session) && this.#store.leaving.peek().has(this.name);
    const isMine = this.#store.isMine(session) && !isLeaving;
    for (const id of ["hold", "hold-until", "transfer", "requeue", "release", "close", "composer"]) byId(id).hidden = !isMine;
    setText(byId("hold").querySelector("span"), session.on_hold ? gettext("Resume") : gettext("Hold"));
    const isElsewhere = this.#isRefused && session.status === STATUS.live;
    byId("notice").hidden = isMine || isLeaving || isElsewhere;
    const [text, action] = this.#noticeOf(session);
    setText(byId("notice-text"), text);
    byId("takeover").hidden = !action;
    setText(byId("takeover"), action ?? "");
    byId("open").classList.toggle("is-elsewhere", isElsewhere);
    byId("elsewhere").hidden = !isElsewhere;
    byId("talk-more").hidden = this.#isRefused;
    if (isElsewhere) setText(byId("elsewhere"), this.#elsewhere(session));
  }

  #elsewhere({ agent, changed_at: changedAt }) {
    const text = gettext("%(who)s. Only %(agent)s and supervisors can read this conversation now.");
    return fill(text, { who: withAgent(agent, changedAt), agent: agent?.name ?? "" });
  }

  #noticeOf({ status, agent, changed_at: changedAt }) {
    if (status === STATUS.live) {
      return [withAgent(agent, changedAt), this.#config.isSupervisor ? gettext("Take over anyway") : null];
    }
    if (this.#isRefused) return [gettext("This conversation is not available."), null];
    if (status === STATUS.waiting) return [gettext("The customer asked for a human."), gettext("Take over")];
    if (status === STATUS.bot) return [gettext("The assistant is answering. You can read along."), gettext("Take over")];
    return [status === STATUS.closed ? gettext("This conversation is closed.") : "", null];
  }

  #outbox(name) {
    if (!this.#outboxes.has(name)) {
      const outbox = new Outbox(sessionPath(name, "messages"), `handover:outbox:${this.#config.agent.id}:${name}`, {
        onSending: (item) => name === this.name && this.#transcript.addPending(item),
        onDelayed: (item) => name === this.name && this.#transcript.markPending(item.client_id, "delayed"),
        onStored: (_item, message) => {
          this.#store.takeMessage(message);
          this.receiveMessage(message);
        },
        onFailed: (item, error) => {
          if (name === this.name) this.#transcript.markFailed(item.client_id, error);
        },
      });
      this.#outboxes.set(name, outbox);
    }
    return this.#outboxes.get(name);
  }

  /** Send what earlier pages could not, and what this one could not yet. */
  flushOutboxes() {
    const prefix = `handover:outbox:${this.#config.agent.id}:`;
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    keys.forEach((key) => this.#outbox(key.slice(prefix.length).split(":")[0]));
    this.#outboxes.forEach((outbox) => outbox.flush());
  }

  /** Each conversation keeps its files while another one is open. */
  #uploadsOf(name) {
    if (!this.#uploads.has(name)) {
      this.#uploads.set(name, new Uploads(this.#config.attachments, async () => sessionPath(name, "attachments")));
    }
    return this.#uploads.get(name);
  }

  #send(content, attachments) {
    keepDraft(this.#draftKey, "");
    this.#outbox(this.name).put(content, attachments);
  }

  #takeBack(clientId) {
    const item = this.#outbox(this.name).remove(clientId);
    this.#transcript.removePending(clientId);
    if (item) this.#composer.value = [item.content, this.#composer.value].filter(Boolean).join("\n");
    this.#composer.uploads.putBack(item?.attachments ?? []);
    this.#saveDraft(this.#composer.value);
    this.#composer.focus();
  }

  get #draftKey() {
    return `handover:draft:${this.#config.agent.id}:${this.name}`;
  }

  #saveDraft(text) {
    keepDraft(this.#draftKey, text);
  }

  #noteCustomer({ id, role, created_at: createdAt }) {
    if (role !== "customer" || id <= (this.#lastOfCustomer?.id ?? 0)) return;
    this.#lastOfCustomer = { id, at: Date.parse(createdAt), name: this.name };
  }

  /** What the agent who has the conversation has seen is read here at once; everywhere else, when the server says so. */
  #markRead(id) {
    const last = this.#lastOfCustomer;
    if (last && last.id <= id && this.#store.isMine(this.session)) this.#store.takeRead(last.name, last.id, last.at);
  }
}

function withAgent(agent, changedAt) {
  const values = { agent: agent?.name ?? "", time: changedAt && formatRecent(changedAt) };
  return fill(changedAt ? gettext("With %(agent)s since %(time)s") : gettext("With %(agent)s"), values);
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Whether the customer has a page open; nothing where nobody said so. */
function presenceOf({ customer_online: isOnline }) {
  if (isOnline === undefined) return "";
  return isOnline ? gettext("Here now") : gettext("Not here now");
}
