/** What the customer notices of new messages while looking elsewhere: a number, a dot on the icon, a sound, a notification. */

import { CallingTab, drawIcon, playSound } from "../browser/kit/calling.js";
import { setTitleCount } from "../browser/kit/page.js";
import { effect, signal } from "../browser/kit/ui.js";

const KEY = "handover:attention"; // "on" once the customer wants to be called
const DOT = "#c9352b";
const LOCK = "handover:attention:calls";

export class Attention {
  isOn = signal(localStorage.getItem(KEY) === "on");
  /** Whether the browser refused the last sound. */
  isRefused = signal(false);
  #store;
  #tab = new CallingTab(LOCK);

  constructor(store) {
    this.#store = store;
    window.addEventListener("storage", ({ key }) => { if (key === KEY) this.isOn.value = localStorage.getItem(KEY) === "on"; });
    document.addEventListener("visibilitychange", () => { store.unread.value = 0; });
    showCount(store);
  }

  /** Be called from here on, and hear how that sounds; or not any more. */
  async toggle() {
    this.isOn.value = !this.isOn.peek();
    localStorage.setItem(KEY, this.isOn.peek() ? "on" : "off");
    this.isRefused.value = false;
    if (!this.isOn.peek()) return;
    if (window.Notification?.permission === "default") Notification.requestPermission();
    await this.#play();
  }

  /** A message of the other side has come. */
  receive(title, text) {
    if (!document.hidden) return;
    this.#store.unread.value += 1;
    if (!this.isOn.peek() || !this.#tab.calls) return;
    this.#play();
    if (window.Notification?.permission === "granted") notify(title, text);
  }

  async #play() {
    this.isRefused.value = !(await playSound());
  }
}

function notify(title, text) {
  const notification = new Notification(title, { body: text, tag: KEY });
  notification.onclick = () => {
    window.focus();
    notification.close();
  };
}

async function showCount(store) {
  const dot = await drawIcon();
  effect(() => {
    setTitleCount(store.unread.value);
    dot(store.unread.value ? DOT : "");
  });
}
