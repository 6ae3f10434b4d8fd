/** What helps an agent with the open conversation: suggested replies, a summary, translations. Loaded after the page. */

import { readBot } from "../browser/talk/bot.js";
import { sessionPath } from "../browser/talk/conversation.js";
import { callApi } from "../browser/net/http.js";
import { byId } from "../browser/kit/page.js";
import { loadStyles } from "../browser/kit/styles.js";
import { effect, html, render, signal } from "../browser/kit/ui.js";
import { languageOf, unansweredId } from "./model/assistance.js";
import { Suggestions } from "./views/suggestions.js";
import { makeSummary } from "./views/summary.js";
import { makeNote } from "./views/translation.js";

const PAUSE_MS = 400; // who writes several messages in a row is asked about once
const NONE = Object.freeze([]);

/** Draw what helps with the conversation that is open. */
export async function assist(store, transcript, composer) {
  await loadStyles(new URL("assistance.css", import.meta.url));
  await readBot(transcript, { Note: makeNote(new Translations(store)) });
  store.Summary.value = makeSummary(new Asked((name) => callApi("POST", sessionPath(name, "summary"), {})));
  const suggesting = new Suggesting(store, transcript);
  render(html`<${Suggestions} items=${suggesting.items} onPick=${({ answer }) => composer.insert(answer)} />`, byId("suggested"));
}

/** The replies that the knowledge base suggests to what a customer has written and nobody answered. */
class Suggesting {
  items = signal(NONE);
  #key = ""; // of what they answer: the session and the message
  #isDue = false;
  #timer = null;

  constructor(store, transcript) {
    effect(() => {
      const name = store.openName.value;
      const isMine = store.isMine(store.board.value.sessions.get(name));
      void transcript.newestId.value;
      this.#follow(name, isMine ? unansweredId(transcript.entries) : null);
    });
    document.addEventListener("visibilitychange", () => this.#askIfSeen());
  }

  /** Those for what was asked before stay until there are new ones: nothing flickers while a customer goes on. */
  #follow(name, id) {
    const key = id ? `${name}/${id}` : "";
    if (key === this.#key) return;
    const isSameTalk = key && key.split("/")[0] === this.#key.split("/")[0];
    this.#key = key;
    this.#isDue = false;
    clearTimeout(this.#timer);
    if (!isSameTalk) this.items.value = NONE;
    if (!key) return;
    this.#timer = setTimeout(() => {
      this.#isDue = true;
      this.#askIfSeen();
    }, PAUSE_MS);
  }

  /** If the page is hidden, ask when it is seen again. */
  async #askIfSeen() {
    if (!this.#isDue || document.visibilityState !== "visible") return;
    this.#isDue = false;
    const key = this.#key;
    const items = await fetchSuggestions(key.split("/")[0]);
    if (key === this.#key) this.items.value = items;
  }
}

/** None where they cannot be had: the agent did not ask for them. */
const fetchSuggestions = (name) => callApi("GET", sessionPath(name, "suggestions")).then(({ items }) => items, () => NONE);

/** What was asked for by a key, once while it is on its way; kept while the page is open. */
class Asked {
  #call;
  #answers = new Map();

  constructor(call) {
    this.#call = call;
  }

  /** A signal of {isBusy, answer, error}. */
  of(key) {
    if (!this.#answers.has(key)) this.#answers.set(key, signal({ isBusy: false, answer: null, error: "" }));
    return this.#answers.get(key);
  }

  async ask(key) {
    const state = this.of(key);
    if (state.peek().isBusy) return;
    state.value = { ...state.peek(), isBusy: true, error: "" };
    try {
      state.value = { isBusy: false, answer: await this.#call(key), error: "" };
    } catch ({ message }) {
      state.value = { ...state.peek(), isBusy: false, error: message };
    }
  }
}

/** Of messages in another language than the page's, where there is a language model. */
class Translations {
  to = document.documentElement.lang.startsWith("zh") ? "zh-hans" : "en";
  asked;
  #store;

  constructor(store) {
    this.#store = store;
    this.asked = new Asked((id) => callApi("POST", sessionPath(store.openName.peek(), `messages/${id}/translation`), { to: this.to }));
  }

  /** Reads signals. */
  isFor({ content }) {
    const session = this.#store.board.value.sessions.get(this.#store.openName.value);
    if (!session?.has_language_model) return false;
    const language = languageOf(content);
    return language !== null && language !== this.to;
  }
}
