/** What an agent can do with conversations: take them, give them away, and for six seconds undo that. */

import { sessionPath } from "../browser/talk/conversation.js";
import { callApi } from "../browser/net/http.js";
import { fill } from "../browser/kit/text.js";
import { signal } from "../browser/kit/ui.js";
import { UNDO_MS } from "./views/undo.js";

export class Actions {
  /** null, or what is done when its time is over: {session, action, endsAt}. */
  pending = signal(null);
  #store;
  #agentId;
  #callbacks;
  #timer = null;
  #isTakingNext = false;
  #lastChoice = Promise.resolve();

  /** @param callbacks onTaken(name), onUndone(name), onError(error) */
  constructor(store, agentId, callbacks) {
    this.#store = store;
    this.#agentId = agentId;
    this.#callbacks = callbacks;
    window.addEventListener("pagehide", () => this.finish({ keepalive: true }));
  }

  /** Take over this session. It leaves the queue at once, so that the next click meets the next customer.
   * @param body what the call says: nothing, {force} or {from_bot} */
  async takeOver(name, body = {}) {
    await this.#withLeaving(name, async () => {
      const tellings = this.#store.tellings();
      this.#store.takeSession(await callApi("POST", sessionPath(name, "takeover"), body), tellings);
      this.#callbacks.onTaken(name);
    });
  }

  /** Take the session that has waited longest, as the server knows. One call at a time. */
  async takeNext() {
    if (this.#isTakingNext) return;
    this.#isTakingNext = true;
    try {
      const session = await callApi("POST", "/api/sessions/next", {});
      this.#store.takeSession(session);
      this.#callbacks.onTaken(session.session_name);
    } catch (error) {
      this.#callbacks.onError(error);
    } finally {
      this.#isTakingNext = false;
    }
  }

  /** Hand a session back to the queue. */
  async requeue(name) {
    await this.#withLeaving(name, async () => {
      this.#store.takeSession(await callApi("POST", sessionPath(name, "requeue"), {}));
    });
  }

  /** Hand all own sessions back to the queue; those that cannot be are told of. */
  async requeueAll() {
    const names = this.#store.mine.rows.peek().map(({ key }) => key);
    await Promise.all(names.map((name) => this.requeue(name)));
  }

  /** Take what is offered. */
  async accept(offer) {
    await this.#answer(offer, "accept", (session) => {
      this.#store.takeSession(session);
      this.#callbacks.onTaken(session.session_name);
    });
  }

  async decline(offer) {
    await this.#answer(offer, "decline");
  }

  /** Ask another agent, or a team, to take a session. Rejects with what to say. @param body {to_agent} or {to_team}, note */
  async transfer(name, body) {
    await callApi("POST", sessionPath(name, "transfer"), body);
  }

  /** Note who a customer is, how urgent, which labels. Rejects with what to say. @param changes any of customer, priority, labels */
  async edit(name, changes) {
    const tellings = this.#store.tellings();
    this.#store.takeSession(await callApi("PATCH", sessionPath(name), changes), tellings);
  }

  /** Ask for that in a dialog; like the next one it is loaded when it is wanted. */
  askForEdits = (session) => this.#ask(async () => {
    const [{ askForEdits }, known] = await Promise.all([import("./views/edit.js"), callApi("GET", "/api/labels")]);
    askForEdits(session, known.items, (changes) => this.edit(session.session_name, changes));
  });

  /** Ask until when a session rests. */
  askUntilWhen = (session) => this.#ask(async () => {
    const { askUntilWhen } = await import("./views/hold.js");
    askUntilWhen(session, (moment) => this.#post(session.session_name, "hold", { until: moment.toISOString() }));
  });

  /** Put a session on hold until the customer writes, or go on with it. */
  async hold(name, isHeld) {
    await this.#ask(() => this.#post(name, isHeld ? "hold" : "resume", isHeld ? { until: null } : {}));
  }

  async #post(name, action, body) {
    this.#store.takeSession(await callApi("POST", sessionPath(name, action), body));
  }

  async #ask(work) {
    await work().catch(this.#callbacks.onError);
  }

  /** Choose to be available, busy or away. One call at a time: what is chosen last is what holds. */
  choose(availability, reason) {
    this.#lastChoice = this.#lastChoice.then(() => this.#putChoice(availability, reason));
  }

  async #putChoice(availability, reason) {
    try {
      this.#store.takeSelf(await callApi("PUT", "/api/agent/availability", { availability, reason }));
    } catch (error) {
      this.#callbacks.onError(error);
    }
  }

  /** "close" or "release" a session in six seconds, unless it is undone; what was begun before is done now. */
  leave(name, action) {
    this.finish();
    this.#store.setLeaving(name, true);
    this.pending.value = { session: this.#store.get(name), action, endsAt: Date.now() + UNDO_MS };
    this.#timer = setTimeout(() => this.finish(), UNDO_MS);
  }

  undo() {
    const undone = this.#takePending();
    if (!undone) return;
    this.#store.setLeaving(undone.session.session_name, false);
    this.#callbacks.onUndone(undone.session.session_name);
  }

  /** Do what is pending now. @param options for callApi: keepalive when the page is left */
  async finish(options = {}) {
    const due = this.#takePending();
    if (!due) return;
    const name = due.session.session_name;
    await this.#withLeaving(name, async () => {
      this.#store.takeSession(await callApi("POST", sessionPath(name, due.action), {}, options));
    });
  }

  /** A customer who writes meanwhile is not left: nobody has read that. */
  receiveMessage({ session_name: name, role }) {
    if (role !== "customer" || this.pending.peek()?.session.session_name !== name) return;
    this.undo();
    this.#callbacks.onError({ message: gettext("Not closed: the customer has written meanwhile.") });
  }

  /** An offer is answered once: its card goes at once, and if it is gone the page says who has the session. */
  async #answer(offer, verb, onAnswer = () => {}) {
    this.#store.endOffer(offer.offer_id);
    try {
      onAnswer(await callApi("POST", `/api/offers/${offer.offer_id}/${verb}`, {}));
    } catch (error) {
      this.#explain(offer.session_name, error);
    }
  }

  #takePending() {
    const pending = this.pending.peek();
    clearTimeout(this.#timer);
    this.pending.value = null;
    return pending;
  }

  async #withLeaving(name, act) {
    this.#store.setLeaving(name, true);
    try {
      await act();
    } catch (error) {
      this.#explain(name, error);
    } finally {
      this.#store.setLeaving(name, false);
    }
  }

  /** Somebody was faster: say who. The stream moves the session to where it belongs. */
  #explain(name, error) {
    const agent = error.details?.agent;
    if (!["ALREADY_TAKEN", "OFFER_GONE"].includes(error.code) || !agent) this.#callbacks.onError(error);
    else if (agent.id === this.#agentId) this.#callbacks.onTaken(name);
    else this.#callbacks.onError({ message: fill(gettext("%(agent)s was faster."), { agent: agent.name }) });
  }
}
