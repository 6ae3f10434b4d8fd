/**
 * What of a conversation has reached this page, and what was on the screen of somebody who looks at it.
 *
 * A message is seen while the page is visible and has the focus, and the message itself is in the scroller.
 */

import { ReceiptSender } from "../net/receipts.js";

const IN_VIEW = 0.5; // of a message; of one taller than the scroller its end

export class Reading {
  /** @type {ReceiptSender | null} */ #sender = null;
  #observer;
  #onScreen = 0; // the highest id that was on the screen, seen or not
  #list;
  #path = null;
  #onSeen;

  /** @param list the <ol> of the messages, which carry data-id @param onSeen called with an id: seen up to there */
  constructor(list, onSeen = () => {}) {
    this.#list = list;
    this.#onSeen = onSeen;
    this.#observer = new IntersectionObserver((entries) => this.#look(entries), {
      root: list.parentElement, threshold: [0, IN_VIEW, 1],
    });
    document.addEventListener("visibilitychange", () => this.#tellSeen());
    window.addEventListener("focus", () => this.#tellSeen());
  }

  /** Whose receipts count from here on. @param path of a session's receipts, or null if this reader tells none */
  tellTo(path) {
    if (path === this.#path) return;
    this.#path = path;
    this.#observer.disconnect();
    this.#onScreen = 0;
    this.#sender = path ? new ReceiptSender(path) : null;
  }

  takeTold(receipt) {
    this.#sender?.takeTold(receipt);
  }

  /** Messages of the other side came up to this id: the last one is watched until it is on the screen. */
  arrive(id) {
    if (!this.#sender || !id) return;
    this.#sender.tell({ delivered: id });
    const last = this.#list.querySelector(`[data-id="${id}"]`);
    if (last) this.#observer.observe(last);
  }

  #look(entries) {
    for (const { isIntersecting, intersectionRatio, boundingClientRect, rootBounds, target } of entries) {
      const endIsIn = rootBounds && boundingClientRect.bottom <= rootBounds.bottom + 1;
      if (!isIntersecting || (intersectionRatio < IN_VIEW && !endIsIn)) continue;
      this.#onScreen = Math.max(this.#onScreen, Number(target.dataset.id));
      this.#observer.unobserve(target);
    }
    this.#tellSeen();
  }

  #tellSeen() {
    const isLookedAt = document.visibilityState === "visible" && document.hasFocus();
    if (!isLookedAt || !this.#sender || this.#onScreen === 0) return;
    this.#sender.tell({ seen: this.#onScreen });
    this.#onSeen(this.#onScreen);
  }
}
