/** What the customer says of answers, whether they helped: the last word counts, and all tabs of the browser show it. */

import { callApi } from "../browser/net/http.js";
import { signal } from "../browser/kit/ui.js";
import { sessionPath } from "../browser/talk/conversation.js";

const CHANNEL = "handover:opinions"; // no event tells of them: among tabs one tells the others

export class Opinions {
  #told = signal(new Map()); // by the message's id
  #last = Promise.resolve();
  #channel = window.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;
  #nameOf;
  #showError;

  /** @param nameOf gives the name of the session that is shown @param showError(text) */
  constructor(nameOf, showError) {
    this.#nameOf = nameOf;
    this.#showError = showError;
    this.#channel?.addEventListener("message", ({ data: { name, id } }) => this.#inTurn(() => this.#read(name, id)));
  }

  /** Whether the answer helped, null if nobody said. Reads a signal. */
  of({ id, helpful }) {
    return this.#told.value.get(id) ?? helpful ?? null;
  }

  tell(id, isHelpful) {
    const [name, before] = [this.#nameOf(), this.#told.peek().get(id)];
    this.#set(id, isHelpful);
    return this.#inTurn(async () => {
      try {
        await callApi("POST", sessionPath(name, `messages/${id}/feedback`), { helpful: isHelpful });
        this.#channel?.postMessage({ name, id });
      } catch (error) {
        this.#set(id, before);
        this.#showError(error.message);
      }
    });
  }

  clear() {
    this.#told.value = new Map();
  }

  /** Another tab has told: which of two that told at once was the last one, the server knows. */
  async #read(name, id) {
    if (name !== this.#nameOf()) return;
    const { messages } = await callApi("GET", `${sessionPath(name)}?before=${id + 1}&limit=1`);
    const message = messages.find((each) => each.id === id);
    if (message && name === this.#nameOf()) this.#set(id, message.helpful);
  }

  /** What was read before this tab's own word would undo it. */
  #inTurn(work) {
    this.#last = this.#last.then(work).catch(() => {}); // who was not asked shows no error
    return this.#last;
  }

  #set(id, isHelpful) {
    this.#told.value = new Map(this.#told.peek()).set(id, isHelpful);
  }
}
