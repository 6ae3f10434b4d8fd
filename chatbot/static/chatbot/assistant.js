/** What the page does for the assistant: shows what it is writing, stops it, and tells what an answer was worth. */

import { callApi } from "../browser/net/http.js";
import { html, render, signal } from "../browser/kit/ui.js";
import { loadBotStyles } from "../browser/talk/bot.js";
import { sessionPath, STATUS } from "../browser/talk/conversation.js";
import {
  endAll, endAnswers, isOwed, lacksPiece, NO_ANSWERS, settledBy, shownStreams, takeAnswering, takePiece, textOf,
} from "../browser/talk/model/answers.js";
import { toEntry } from "../browser/talk/model/transcript.js";
import { makeSaid } from "../browser/talk/views/reply.js";
import { makeWords } from "../browser/talk/views/words.js";
import { Opinions } from "./opinions.js";
import { Finished, Stop } from "./views/stop.js";

const STOPPABLE_AFTER_MS = 1000; // an answer that is there at once needs no button to stop it
const QUIET_MS = 10000; // then the server is asked whether an answer is still owed
const REFILL_MS = 2000; // at the earliest, if what was fetched still lacks a piece

/** When what it draws has its styles. */
export const ready = loadBotStyles();

export class Assistant {
  /** What is known of answers in the making. */
  known = signal(NO_ANSWERS);
  isStoppable = signal(false);
  isStopping = signal(false);
  #finished = signal(""); // for a screen reader, once; while it grows an answer is not read out
  #entries = [];
  #settled = 0;
  #isFilling = false;
  #stopTimer = null;
  #quietTimer = null;
  #opinions;
  #page;

  /** @param page {store, transcript, speaker, refetch(), send(text), escalate(), showError(text), keepFocus()} */
  constructor(page) {
    this.#page = page;
    const { transcript, store, showError } = page;
    this.#opinions = new Opinions(() => store.name.peek(), showError);
    transcript.extend({
      Said: makeSaid(transcript, makeWords((stream) => textOf(this.known.value, stream)), this.#acts(page)),
      withMade: (entries) => this.#withMade(entries),
    });
    render(html`<${Stop} assistant=${this} />`, document.getElementById("stop-place"));
    render(html`<${Finished} text=${this.#finished} />`, document.getElementById("finished"));
  }

  /** Take a fetched state, after the transcript has. @param before what was known when it was asked for */
  takeFetched({ answering, version, messages }, before) {
    this.#end(messages);
    const isOld = version < this.#page.store.session.peek().version;
    if (!isOld) this.#set(takeAnswering(this.known.peek(), answering, before));
    if (!isOld) this.#settled = Math.max(this.#settled, settledBy(answering, messages));
    this.update();
  }

  /** Take the payload of a `message_delta`. What comes while people have the session is void. */
  takePiece(piece) {
    const { stream, index, text } = piece;
    if (typeof stream !== "string" || typeof text !== "string" || !Number.isInteger(index)) return;
    if (this.#page.store.status.peek() !== STATUS.bot) return;
    this.#set(takePiece(this.known.peek(), piece));
    this.update();
    if (lacksPiece(this.known.peek())) this.#fill();
  }

  /** A message was stored, and the transcript has it. */
  takeMessage(message) {
    this.#end([message]);
    this.update();
  }

  /** Something has changed on which it depends whether an answer is awaited. */
  update() {
    const { store, transcript, speaker } = this.#page;
    const isBots = store.status.peek() === STATUS.bot;
    if (!isBots) this.#set(endAll(this.known.peek()));
    const isMaking = isBots && isOwed(this.known.peek(), transcript.stored, this.#settled);
    transcript.setTyping(isMaking && this.#entries.length === 0 ? { kind: "bot", ...speaker } : null);
    this.#watch(isMaking);
  }

  clear() {
    this.known.value = NO_ANSWERS;
    this.#entries = [];
    this.#settled = 0;
    this.#opinions.clear();
    this.#finished.value = "";
    this.#watch(false);
  }

  /** End what is being written; what there is of it stays. */
  async stop() {
    this.isStopping.value = true;
    const isStopped = await this.#call("stop");
    if (!isStopped) this.isStopping.value = false;
    this.#page.keepFocus();
  }

  /** A message takes the place of its answer. */
  #end(messages) {
    const bots = messages.filter(({ role, client_id: stream }) => role === "bot" && stream);
    const shown = shownStreams(this.known.peek());
    const finished = bots.findLast(({ client_id: stream }) => shown.includes(stream));
    if (finished) this.#finished.value = finished.content;
    this.#set(endAnswers(this.known.peek(), bots.map(({ client_id: stream }) => stream)));
  }

  #set(next) {
    if (next === this.known.peek()) return;
    const before = this.#entries.length;
    const known = new Map(this.#entries.map((entry) => [entry.message.client_id, entry]));
    const streams = shownStreams(next);
    this.known.value = next;
    if (streams.join() === [...known.keys()].join()) return;
    this.#entries = streams.map((stream) => known.get(stream) ?? toEntry({
      role: "bot", client_id: stream, content: "", created_at: new Date().toISOString(), state: "growing", reason: "",
    }));
    if (this.#entries.length > before) this.#finished.value = "";
    this.#page.transcript.showMade(this.#entries.length > before);
  }

  /** Answers stand last: what is stored before they are done has a lower id. */
  #withMade(entries) {
    const made = this.#entries.filter(({ key }) => !entries.some((entry) => entry.key === key));
    return made.length > 0 ? [...entries, ...made] : entries;
  }

  /** What shows that an answer is being made, and what is done if nothing more of it comes. */
  #watch(isMaking) {
    clearTimeout(this.#quietTimer);
    if (isMaking) {
      this.#quietTimer = setTimeout(() => this.#page.refetch().catch(() => this.update()), QUIET_MS);
      this.#stopTimer ??= setTimeout(() => { this.isStoppable.value = true; }, STOPPABLE_AFTER_MS);
      return;
    }
    clearTimeout(this.#stopTimer);
    this.#stopTimer = null;
    const wasStoppable = this.isStoppable.peek();
    this.isStoppable.value = false;
    this.isStopping.value = false;
    if (wasStoppable) this.#page.keepFocus();
  }

  /** A piece was missed: the state has it. One fetch at a time, and not one after the other. */
  async #fill() {
    if (this.#isFilling) return;
    this.#isFilling = true;
    await this.#page.refetch().catch(() => {});
    setTimeout(() => {
      this.#isFilling = false;
      if (lacksPiece(this.known.peek())) this.#fill();
    }, REFILL_MS);
  }

  #acts({ store, transcript, send, escalate, keepFocus }) {
    return {
      canSuggest: (message) => transcript.newestId.value === message.id && store.canAskForHuman.value,
      suggest: (text) => {
        send(text);
        keepFocus();
      },
      canAskForHuman: () => store.canAskForHuman.value,
      isAsking: () => store.busyWith.value === "escalate",
      askForHuman: () => escalate(),
      helpfulOf: (message) => this.#opinions.of(message),
      tellHelpful: ({ id }, isHelpful) => this.#opinions.tell(id, isHelpful),
    };
  }

  async #call(action, body = {}) {
    const { store, showError } = this.#page;
    try {
      await callApi("POST", `${sessionPath(store.name.peek())}/${action}`, body);
      return true;
    } catch (error) {
      showError(error.message);
      return false;
    }
  }
}
