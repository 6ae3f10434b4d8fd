/** What the page says of its stream: since when nothing is missing, until when, and what is wrong. */

const SHOW_TROUBLE_AFTER_MS = 1500; // trouble of a moment is not worth a word

export class Connection {
  #store;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  constructor(store) {
    this.#store = store;
  }

  /** @param {{state: string, degraded: boolean}} status of SharedStream */
  show({ state, degraded }) {
    clearTimeout(this.#timer);
    const isLive = state === "live";
    this.#store.takeLink(isLive, Date.now());
    const trouble = isLive ? (degraded ? "slow" : "") : "lost";
    const display = () => { this.#store.trouble.value = trouble; };
    if (trouble) this.#timer = setTimeout(display, SHOW_TROUBLE_AFTER_MS);
    else display();
  }

  /** There is no stream any more. */
  clear() {
    clearTimeout(this.#timer);
  }
}
