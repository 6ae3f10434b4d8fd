/** What is offered to the agent, what becomes of what he transfers, and what he has chosen to be. */

import { callApi } from "../browser/net/http.js";
import { fill } from "../browser/kit/text.js";
import { effect, signal } from "../browser/kit/ui.js";
import { mountAvailability } from "./views/availability.js";
import { nameOf } from "./views/customer.js";
import { mountOffer } from "./views/offer.js";

const SAID_MS = 8000;
const TYPING = "input, textarea, select, [contenteditable]";

const ENDS = {
  declined: () => gettext("%(agent)s declined: %(customer)s stays with you."),
  expired: () => gettext("%(agent)s did not answer: %(customer)s stays with you."),
};

export class Offering {
  /** What there is to say about a transfer, or an offer that is gone; empty after some seconds. */
  said = signal("");
  #store;
  #agentId;
  #actions;
  #callbacks;
  #timer = null;

  /** @param config of the page @param callbacks onOffer(offer), onError(error) */
  constructor(store, config, actions, callbacks) {
    this.#store = store;
    this.#agentId = config.agent.id;
    this.#actions = actions;
    this.#callbacks = callbacks;
    mountOffer(store, { onAccept: (offer) => actions.accept(offer), onDecline: (offer) => actions.decline(offer) });
    mountAvailability(store, { reasons: config.reasons, onChoose: (choice, why) => actions.choose(choice, why) });
    document.addEventListener("keydown", (event) => this.#answerByKey(event));
    this.#fetchUnknown();
  }

  /** Fetch what is offered, and what this agent has chosen. */
  async fetch() {
    await Promise.all([this.#fetchSelf(), this.#fetchOffers()]);
  }

  /** Take an event of this agent's channel, or of all agents'. */
  receive(type, payload) {
    if (type === "transfer_offer") this.#receiveOffer(payload);
    else if (type === "transfer_declined") this.#receiveEnd({ ...payload, reason: "declined" });
    else if (type === "offer_ended" || type === "transfer_accepted") this.#receiveEnd(payload);
    else if (type === "agent_status") this.#receiveStatus(payload);
    else if (type === "session_updated") this.#store.takeUpdate(payload);
  }

  /** Ask to whom a session is transferred. */
  async ask(session) {
    try {
      const [{ askForTransfer }, agents, teams] = await Promise.all([
        import("./views/transfer.js"), callApi("GET", "/api/agents"), callApi("GET", "/api/teams"),
      ]);
      askForTransfer(session, { agents: agents.items, teams: teams.items }, this.#agentId, async (body) => {
        await this.#actions.transfer(session.session_name, body);
        this.#say(body.to_agent ? gettext("Asked. %(customer)s stays with you until it is accepted.") : gettext("%(customer)s waits for the other team."), session);
      });
    } catch (error) {
      this.#callbacks.onError(error);
    }
  }

  async #fetchSelf() {
    const { items } = await callApi("GET", "/api/agents");
    this.#store.takeSelf(items.find(({ id }) => id === this.#agentId) ?? {});
  }

  /** Who was set away by the system is told, and why, in his language: an event is in English. */
  async #receiveStatus(told) {
    this.#store.takeAgentStatus(told);
    if (told.by !== "system" || told.agent.id !== this.#agentId) return;
    await this.#fetchSelf().catch(this.#callbacks.onError);
    this.#say(fill(gettext("You were set to away: %(reason)s"), { reason: this.#store.self.peek().reason }), null);
  }

  async #fetchOffers() {
    const asked = this.#store.openOffers();
    const { items } = await callApi("GET", "/api/agent/offers");
    this.#store.takeOffers(items, asked);
  }

  #receiveOffer(offer) {
    const isNew = !this.#store.openOffers().includes(offer.offer_id);
    this.#store.takeOffer(offer);
    if (!isNew || this.#store.offered.peek().every(({ offer_id: id }) => id !== offer.offer_id)) return;
    this.#callbacks.onOffer(offer);
    if (document.documentElement.lang !== "en") this.#fetchOffers().catch(this.#callbacks.onError); // an event is in English
  }

  #receiveEnd({ offer_id: id, session_name: name, reason, agent, to }) {
    const sent = this.#store.sentOffer(name);
    const wasOffered = this.#store.offered.peek().some((each) => each.offer_id === id);
    this.#store.endOffer(id);
    const session = this.#store.get(name) ?? { session_name: name };
    const receiver = to ?? sent?.to;
    if (sent?.offer_id === id && receiver && ENDS[reason]) this.#say(ENDS[reason](), session, receiver);
    else if (wasOffered && reason === "taken" && agent && agent.id !== this.#agentId) this.#say(gettext("%(agent)s took %(customer)s."), session, agent);
  }

  #say(text, session, agent = null) {
    clearTimeout(this.#timer);
    this.said.value = session ? fill(text, { customer: nameOf(session), agent: agent?.name ?? "" }) : text;
    this.#timer = setTimeout(() => { this.said.value = ""; }, SAID_MS);
  }

  /** A takes what is offered, D declines it, unless something is being written. */
  #answerByKey(event) {
    const [offer] = this.#store.offered.peek();
    if (!offer || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    if (event.target.matches(TYPING) || document.querySelector("dialog[open]")) return;
    const answer = { a: "accept", d: "decline" }[event.key.toLowerCase()];
    if (!answer) return;
    event.preventDefault();
    this.#actions[answer](offer);
  }

  /** A session that is offered and that no list has named is fetched, as far as the agent may see it. */
  #fetchUnknown() {
    const asked = new Set();
    effect(() => {
      for (const { session_name: name } of this.#store.offered.value) {
        if (asked.has(name) || this.#store.get(name)?.customer) continue;
        asked.add(name);
        callApi("GET", `/api/sessions?q=${encodeURIComponent(name)}&limit=1`)
          .then(({ items }) => items.filter((item) => item.session_name === name).forEach((item) => this.#store.takeSession(item)), () => asked.delete(name));
      }
    });
  }
}
