/** The middle and right panes: one conversation, what can be done with it, and who it is with. */

import { Composer } from "../browser/talk/composer.js";
import { fetchSession, sessionPath, STATUS } from "../browser/talk/conversation.js";
import { Outbox } from "../browser/net/outbox.js";
import { Transcript } from "../browser/talk/transcript.js";
import { callApi } from "../browser/net/http.js";
import { el } from "../browser/kit/elements.js";
import { byId } from "../browser/kit/page.js";
import { fill } from "../browser/kit/text.js";
import { formatMoment } from "../browser/kit/time.js";
import { setText, showFace, showWaiting } from "./lists.js";

const RETRY_MS = 2000;

export class OpenConversation {
  name = null;
  #board;
  #config;
  #transcript;
  #composer;
  #outboxes = new Map();
  #callbacks;
  #isRefused = false;
  #isWatched = false;
  #retryTimer = null;

  /** @param callbacks watch(positions), onError(error), onTakeOver(name, button, isForced) */
  constructor(board, config, callbacks) {
    this.#board = board;
    this.#config = config;
    this.#callbacks = callbacks;
    this.#transcript = new Transcript(byId("messages"), {
      self: { role: "agent", agent: config.agent },
      isOwnSide: ({ role }) => role !== "customer",
      labelOf: (message) => this.#labelOf(message),
      loadOlder: (before) => fetchSession(this.name, before),
      onRetry: () => this.#outbox(this.name).retry(),
      onEdit: (clientId) => this.#takeBack(clientId),
    });
    this.#composer = new Composer(byId("composer"), {
      maxLength: config.maxContentLength,
      onSend: (content) => this.#send(content),
      onInput: (text) => this.#saveDraft(text),
    });
    byId("takeover").addEventListener("click", ({ currentTarget }) => {
      const isForced = this.#session.status === STATUS.live;
      callbacks.onTakeOver(this.name, currentTarget, isForced);
    });
    byId("release").addEventListener("click", ({ currentTarget }) => this.#act("release", currentTarget));
    byId("close").addEventListener("click", ({ currentTarget }) => this.#confirmClose(currentTarget));
    document.addEventListener("visibilitychange", () => this.#markRead());
  }

  get #session() {
    return this.#board.get(this.name) ?? { session_name: this.name, status: null, agent: null };
  }

  async open(name) {
    if (name === this.name) return;
    this.name = name;
    this.#isRefused = false;
    this.#unwatch();
    this.#transcript.clear();
    this.#composer.value = localStorage.getItem(this.#draftKey) ?? "";
    this.show();
    this.#outbox(name).items.forEach((item) => this.#transcript.addPending(item));
    this.#outbox(name).flush();
    await this.refetch();
    if (this.name === name) this.#focus();
  }

  close() {
    this.name = null;
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
      const session = await fetchSession(name);
      this.#board.takeSession(session);
      if (this.name !== name) return;
      this.#isRefused = false;
      this.#transcript.load(session);
      this.#watch(session.position);
      this.#markRead();
    } catch (error) {
      if (this.name !== name) return;
      this.#isRefused = error.status === 403 || error.status === 404;
      if (error.status !== 403) this.#callbacks.onError(error);
      if (error.isPassing) this.#retryTimer = setTimeout(() => this.refetch(), RETRY_MS);
    }
    this.show();
  }

  receiveMessage(message) {
    if (message.session_name !== this.name) return;
    this.#transcript.add(message);
    this.#markRead();
  }

  /** A message that another program published on Redis is in no log: shown live, gone with the next reload. */
  showForeign(message) {
    if (message.session_name === this.name && typeof message.content === "string") this.#transcript.addLoose(message);
  }

  /** The status changed: from a session that leaves the agent on, its messages come over its own channel only. */
  receiveStatus({ session_name: name }) {
    if (name !== this.name) return;
    const isReadable = this.#session.status !== STATUS.live || this.#config.isSupervisor;
    if (!this.#board.isMine(this.#session) && isReadable && !this.#isWatched) this.refetch();
    this.show();
  }

  show() {
    byId("nothing-open").hidden = this.name !== null;
    byId("open").hidden = this.name === null;
    byId("details-empty").hidden = this.name !== null;
    byId("details-list").hidden = this.name === null;
    if (!this.name) return;
    const session = this.#session;
    const title = this.#board.nameOf(session);
    setText(byId("open-name"), title);
    showFace(byId("open-avatar"), this.#board.givenNameOf(session));
    this.#showStatus(session);
    this.#showActions(session);
    this.#showDetails(session);
  }

  #watch(position) {
    const isMine = this.#board.isMine(this.#session);
    if (isMine || this.#isWatched) return;
    this.#isWatched = true;
    this.#callbacks.watch({ [this.name]: position });
  }

  #unwatch() {
    if (this.#isWatched) this.#callbacks.watch({});
    this.#isWatched = false;
  }

  #labelOf({ role, agent }) {
    if (role === "customer") {
      const isAnonymous = !this.#board.givenNameOf(this.#session);
      return { name: this.#board.nameOf(this.#session), tag: null, isAnonymous };
    }
    if (role === "bot") return { name: gettext("Assistant"), tag: null };
    return { name: agent?.name ?? gettext("Agent"), tag: agent?.id === this.#config.agent.id ? gettext("You") : null };
  }

  /** Where the agent goes on: the reply, unless a keyboard on the screen would cover the conversation. */
  #focus() {
    const hasKeyboard = matchMedia("(pointer: fine)").matches;
    if (hasKeyboard && !byId("composer").hidden) this.#composer.focus();
    else byId("open-name").focus({ preventScroll: true });
  }

  #showStatus({ status, agent }) {
    const texts = {
      [STATUS.bot]: gettext("With the assistant"),
      [STATUS.waiting]: gettext("Waiting"),
      [STATUS.live]: this.#board.isMine({ status, agent })
        ? gettext("With you")
        : fill(gettext("With %(agent)s"), { agent: agent?.name ?? "" }),
      [STATUS.closed]: gettext("Closed"),
    };
    setText(byId("open-status"), texts[status] ?? "");
    byId("open-status").dataset.status = status;
  }

  #showActions(session) {
    const isMine = this.#board.isMine(session);
    byId("release").hidden = !isMine;
    byId("close").hidden = !isMine;
    byId("composer").hidden = !isMine;
    byId("notice").hidden = isMine;
    const [text, action] = this.#noticeOf(session);
    setText(byId("notice-text"), text);
    byId("takeover").hidden = !action;
    setText(byId("takeover"), action ?? "");
  }

  #noticeOf({ status, agent }) {
    if (this.#isRefused) return [gettext("This conversation is not available."), null];
    if (status === STATUS.waiting) return [gettext("The customer asked for a human."), gettext("Take over")];
    if (status === STATUS.bot) return [gettext("The assistant is answering. You can read along."), null];
    if (status === STATUS.closed) return [gettext("This conversation is closed."), null];
    if (status !== STATUS.live) return ["", null];
    const text = fill(gettext("Taken by %(agent)s."), { agent: agent?.name ?? "" });
    return [text, this.#config.isSupervisor ? gettext("Take over anyway") : null];
  }

  #showDetails(session) {
    const rows = [
      [gettext("Customer"), this.#board.nameOf(session)],
      [gettext("Email"), session.customer?.email],
      [gettext("Reason"), session.reason],
      [gettext("Waiting for"), session.status === STATUS.waiting ? waitingTime(session) : null],
      [gettext("Agent"), session.agent?.name],
      [gettext("Started"), session.created_at && formatMoment(session.created_at)],
      [gettext("Last activity"), session.last_activity_at && formatMoment(session.last_activity_at)],
      [gettext("Session"), el("code", {}, session.session_name)],
    ];
    const shown = rows.filter(([, value]) => value).flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]);
    byId("details-list").replaceChildren(...shown);
  }

  #outbox(name) {
    if (!this.#outboxes.has(name)) {
      const outbox = new Outbox(sessionPath(name, "messages"), `handover:outbox:${this.#config.agent.id}:${name}`, {
        onSending: (item) => name === this.name && this.#transcript.addPending(item),
        onDelayed: (item) => name === this.name && this.#transcript.markPending(item.client_id, "delayed"),
        onStored: (_item, message) => {
          this.#board.takeMessage(message);
          this.receiveMessage(message);
        },
        onFailed: (item, error) => {
          if (name !== this.name) return;
          this.#transcript.markPending(item.client_id, "failed", error.isPassing ? "" : error.message);
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

  #send(content) {
    localStorage.removeItem(this.#draftKey);
    this.#outbox(this.name).put(content);
  }

  #takeBack(clientId) {
    const item = this.#outbox(this.name).remove(clientId);
    this.#transcript.removePending(clientId);
    if (item) this.#composer.value = [item.content, this.#composer.value].filter(Boolean).join("\n");
    this.#saveDraft(this.#composer.value);
    this.#composer.focus();
  }

  get #draftKey() {
    return `handover:draft:${this.#config.agent.id}:${this.name}`;
  }

  #saveDraft(text) {
    if (text) localStorage.setItem(this.#draftKey, text);
    else localStorage.removeItem(this.#draftKey);
  }

  #markRead() {
    if (this.name && !document.hidden) this.#board.markRead(this.name, Math.floor(this.#transcript.lastId));
  }

  async #act(action, button) {
    const { name } = this;
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    try {
      this.#board.takeSession(await callApi("POST", sessionPath(name, action), {}));
    } catch (error) {
      this.#callbacks.onError(error);
    } finally {
      button.removeAttribute("aria-busy");
      button.disabled = false;
      if (this.name === name) await this.refetch();
    }
  }

  #confirmClose(button) {
    const dialog = byId("close-dialog");
    dialog.onclick = ({ target }) => target.dataset.answer && dialog.close(target.dataset.answer);
    dialog.onclose = () => dialog.returnValue === "yes" && this.#act("close", button);
    dialog.returnValue = "no";
    dialog.showModal();
  }
}

function waitingTime({ waiting_since: waitingSince }) {
  const node = el("span", { "data-waiting-since": waitingSince });
  showWaiting(node);
  return node;
}
