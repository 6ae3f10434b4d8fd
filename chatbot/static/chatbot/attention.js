/** What the customer notices of new messages while looking elsewhere: a number, a dot on the icon, a sound, a notification. */

import { setTitleCount } from "../browser/kit/page.js";
import { playSound } from "../browser/kit/sound.js";
import { effect, signal } from "../browser/kit/ui.js";

const KEY = "handover:attention"; // "on" once the customer wants to be called
const LOCK = "handover:attention:calls";

export class Attention {
  isOn = signal(localStorage.getItem(KEY) === "on");
  /** Whether the browser refused the last sound. */
  isRefused = signal(false);
  #store;
  #calls = false;

  constructor(store) {
    this.#store = store;
    window.addEventListener("storage", ({ key }) => { if (key === KEY) this.isOn.value = localStorage.getItem(KEY) === "on"; });
    window.addEventListener("focus", () => this.#lead({ steal: true }));
    document.addEventListener("visibilitychange", () => { store.unread.value = 0; });
    this.#lead(document.hasFocus() ? { steal: true } : {});
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
    if (!this.isOn.peek() || !this.#calls) return;
    this.#play();
    if (window.Notification?.permission === "granted") notify(title, text);
  }

  async #play() {
    this.isRefused.value = !(await playSound());
  }

  /** The tab that was looked at last calls for all tabs of the browser; when it closes, another one does. */
  #lead(options) {
    if (this.#calls) return;
    if (!navigator.locks) {
      this.#calls = true;
      return;
    }
    const held = () => {
      this.#calls = true;
      return new Promise(() => {}); // until it is stolen or the page goes
    };
    navigator.locks.request(LOCK, options, held).catch(() => {
      this.#calls = false;
      this.#lead({});
    });
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
  const link = document.querySelector("link[rel=icon]");
  const plain = link.href;
  const drawing = await fetch(plain).then((answer) => answer.text()).catch(() => "");
  effect(() => {
    setTitleCount(store.unread.value);
    link.href = store.unread.value && drawing ? withDot(drawing) : plain;
  });
}

const withDot = (drawing) => `data:image/svg+xml,${encodeURIComponent(
  drawing.replace("</svg>", '<circle cx="74%" cy="26%" r="24%" fill="#c9352b" stroke="#fff" stroke-width="6%"/></svg>'),
)}`;
