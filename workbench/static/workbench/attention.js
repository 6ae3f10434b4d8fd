/** What the agent notices when looking elsewhere: numbers in title and icon, a sound, a notification of the desktop. */

import { CallingTab, drawIcon, playSound } from "../browser/kit/calling.js";
import { byId } from "../browser/kit/page.js";
import { fill } from "../browser/kit/text.js";
import { effect, signal } from "../browser/kit/ui.js";
import { previewOf } from "../browser/talk/model/attachments.js";
import { callsFor, readSettings, ringsAgain, withChoice } from "./model/attention.js";
import { nameOf } from "./views/customer.js";
import { linkTo } from "./views/row.js";

const LOOK_MS = 5000; // how often it looks whether to ring again

export class Attention {
  settings;
  /** Whether the browser refused the last sound. */
  isRefused = signal(false);
  permission = signal(window.Notification?.permission ?? "denied");
  #store;
  #key;
  #tab;
  #rangAt = Date.now(); // for somebody who waits; a page that opens does not ring at once

  constructor(store, agentId) {
    this.#store = store;
    this.#key = `handover:attention:${agentId}`;
    this.#tab = new CallingTab(`${this.#key}:rings`);
    this.settings = signal(this.#read());
    window.addEventListener("storage", ({ key }) => { if (key === this.#key) this.settings.value = this.#read(); });
    setInterval(() => this.#ringAgain(), LOOK_MS);
    effect(() => { byId("notify-mark").textContent = this.isRefused.value ? gettext("Sound is off") : ""; });
  }

  /** A message of a customer whom the agent has. */
  receiveMessage(message) {
    const session = this.#store.get(message.session_name);
    if (message.role !== "customer" || !this.#store.isMine(session)) return;
    const isSeen = document.hasFocus() && this.#store.openName.peek() === message.session_name;
    this.#call("mine", session, { isSeen, title: nameOf(session), text: previewOf(message) });
  }

  /** A customer who begins to wait: rung for again until somebody takes him. */
  receiveWaiting(session) {
    const title = fill(gettext("%(customer)s asks for a human"), { customer: nameOf(session) });
    this.#call("waiting", session, { isSeen: false, title, text: session.question || session.reason || "" });
  }

  /** A customer who is offered to this agent: called as for one of his own. */
  receiveOffer(session) {
    const title = fill(gettext("%(customer)s is offered to you"), { customer: nameOf(session) });
    this.#call("mine", session, { isSeen: false, title, text: session.question || "" });
  }

  choose(way, kind, isOn) {
    this.settings.value = withChoice(this.settings.peek(), way, kind, isOn);
    localStorage.setItem(this.#key, JSON.stringify(this.settings.peek()));
  }

  /** Play the sound, and remember whether the browser let it. */
  async play() {
    this.isRefused.value = !(await playSound());
  }

  async askPermission() {
    await Notification.requestPermission();
    this.permission.value = Notification.permission;
  }

  #call(kind, session, { isSeen, title, text }) {
    if (!this.#tab.calls || this.#isAway) return;
    const calls = callsFor(this.settings.peek(), kind, { isSeen, hasFocus: document.hasFocus() });
    if (calls.sound) this.#ring(kind);
    if (calls.notification) this.#notify(session.session_name, title, text);
  }

  /** Who is at lunch is not rung for; who is busy is: his customers still reach him. */
  get #isAway() {
    return this.#store.self.peek().availability === "away";
  }

  #notify(name, title, text) {
    if (window.Notification?.permission !== "granted") return;
    const notification = new Notification(title, { body: text, tag: name });
    notification.onclick = () => {
      window.focus();
      location.hash = linkTo(name);
      notification.close();
    };
  }

  #ringAgain() {
    if (!this.#tab.calls || this.#isAway || !this.settings.peek().sound.waiting) return;
    if (ringsAgain(this.#store.waitingCount.peek(), this.#rangAt, Date.now())) this.#ring("waiting");
  }

  #ring(kind) {
    if (kind === "waiting") this.#rangAt = Date.now();
    this.play();
  }

  #read() {
    return readSettings(JSON.parse(localStorage.getItem(this.#key) ?? "null"));
  }
}

/** Keep both numbers before the title, "2 unread · 42 waiting · Workbench", and a dot on the icon: green while something
 * is unread, amber while somebody waits. */
export async function showCounts(store) {
  const { title } = document;
  const dot = await drawIcon();
  effect(() => {
    const unread = store.unreadCount.value;
    const waiting = store.waitingCount.value;
    const counts = [
      unread && fill(ngettext("%(count)s unread", "%(count)s unread", unread), { count: unread }),
      waiting && fill(ngettext("%(count)s waiting", "%(count)s waiting", waiting), { count: waiting }),
    ];
    document.title = [...counts.filter(Boolean), title].join(" · ");
    dot(unread ? "#46b873" : waiting ? "#e0a030" : "");
  });
}
