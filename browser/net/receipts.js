/**
 * Tells the server how far a conversation has got and was seen here: several messages at once, never backwards.
 *
 * What does not get through is told later, with what came meanwhile.
 *
 * @import { ApiError } from "./http.js"
 * @typedef {{delivered: number, seen: number}} Receipt
 */

import { callApi } from "./http.js";

const GATHER_MS = 250;
const RETRY_MS = 5000;

export class ReceiptSender {
  /** @type {Receipt} */ #wanted = { delivered: 0, seen: 0 };
  /** @type {Receipt} */ #told = { delivered: 0, seen: 0 };
  /** @type {ReturnType<typeof setTimeout> | null} */ #timer = null;
  #path;
  #waits;

  /** @param {string} path of the session's receipts @param {{gatherMs?: number, retryMs?: number}} waits */
  constructor(path, { gatherMs = GATHER_MS, retryMs = RETRY_MS } = {}) {
    this.#path = path;
    this.#waits = { gatherMs, retryMs };
  }

  /** What the server knows already. @param {{delivered: number | null, seen: number | null} | undefined} receipt */
  takeTold(receipt) {
    const { delivered, seen } = this.#told;
    this.#told = { delivered: Math.max(delivered, receipt?.delivered ?? 0), seen: Math.max(seen, receipt?.seen ?? 0) };
  }

  /** Messages of the other side came, or were seen, up to these ids. @param {Partial<Receipt>} receipt */
  tell({ delivered = 0, seen = 0 }) {
    this.#wanted = {
      delivered: Math.max(this.#wanted.delivered, delivered, seen),
      seen: Math.max(this.#wanted.seen, seen),
    };
    if (this.#hasNews && !this.#timer) this.#timer = setTimeout(() => this.#send(), this.#waits.gatherMs);
  }

  get #hasNews() {
    return this.#wanted.delivered > this.#told.delivered || this.#wanted.seen > this.#told.seen;
  }

  async #send() {
    const { delivered, seen } = this.#wanted;
    const isSeen = seen > this.#told.seen;
    /** @type {Partial<Receipt>} */
    const body = isSeen ? { seen } : {};
    if (delivered > Math.max(this.#told.delivered, isSeen ? seen : 0)) body.delivered = delivered;
    let waitMs = this.#waits.gatherMs;
    try {
      if (Object.keys(body).length > 0) await callApi("POST", this.#path, body);
      this.takeTold({ delivered, seen });
    } catch (error) {
      const reason = /** @type {ApiError} */ (error);
      if (reason.isPassing) waitMs = (reason.retryAfterSeconds ?? 0) * 1000 || this.#waits.retryMs;
      else this.takeTold({ delivered, seen }); // not for this reader to say
    }
    this.#timer = this.#hasNews ? setTimeout(() => this.#send(), waitMs) : null;
  }
}
