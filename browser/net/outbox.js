/**
 * Messages on their way to the server, in the order they were written, one at a time.
 *
 * They are kept in localStorage until the server has them, so that a reload or a crash loses none. Sending one twice is
 * harmless: the same client_id from the same sender is the same message.
 *
 * @import { ApiError } from "./http.js"
 * @import { Attachment } from "../talk/model/attachments.js"
 * @typedef {{client_id: string, content: string, attachments?: Attachment[], written_at: number, isRefused?: boolean}} Item
 * @typedef {{
 *   onSending(item: Item): void,
 *   onDelayed(item: Item): void,
 *   onStored(item: Item, message: any): void,
 *   onFailed(item: Item, error: ApiError): void,
 * }} Callbacks
 */

import { callApi } from "./http.js";
import { makeId } from "../kit/ids.js";

const QUICK_RETRIES = 3;
const RETRY_SECONDS = 1;
const AGAIN_SECONDS = 5; // what did not get through goes out by itself, whether the stream came back or never left

export class Outbox {
  #path;
  #keyPrefix;
  /** @type {Item[]} */
  #items;
  #isSending = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #againTimer;
  #callbacks;

  /**
   * @param {string} path where messages are posted
   * @param {string} keyPrefix of the localStorage keys: one key a message, since several tabs write at the same time
   * @param {Callbacks} callbacks
   */
  constructor(path, keyPrefix, callbacks) {
    this.#path = path;
    this.#keyPrefix = `${keyPrefix}:`;
    this.#callbacks = callbacks;
    this.#items = Object.keys(localStorage)
      .filter((key) => key.startsWith(this.#keyPrefix))
      .map((key) => /** @type {Item} */ (JSON.parse(localStorage.getItem(key) ?? "{}")))
      .sort((one, other) => one.written_at - other.written_at);
  }

  get items() {
    return [...this.#items];
  }

  /** Accept a message and send it as soon as those before it are sent. @param {string} content
   * @param {Attachment[]} attachments files that the server has stored */
  put(content, attachments = []) {
    const item = { client_id: makeId(), content, attachments, written_at: Date.now() };
    this.#items.push(item);
    localStorage.setItem(this.#keyPrefix + item.client_id, JSON.stringify(item));
    this.#callbacks.onSending(item);
    this.flush();
  }

  /** Take a message back, so that it is not sent. Returns it, or undefined if it is gone. @param {string} clientId */
  remove(clientId) {
    const item = this.#items.find(({ client_id: id }) => id === clientId);
    this.#items = this.#items.filter((each) => each !== item);
    localStorage.removeItem(this.#keyPrefix + clientId);
    return item;
  }

  /** Try again, also what the server refused. */
  retry() {
    this.#items.forEach((item) => delete item.isRefused);
    this.flush();
  }

  /** Send what waits. One that does not get through stops those behind it: they must not overtake it. */
  async flush() {
    if (this.#isSending) return;
    clearTimeout(this.#againTimer);
    this.#isSending = true;
    try {
      for (let item = this.#next(); item; item = this.#next()) await this.#send(item);
    } catch (error) {
      const reason = /** @type {ApiError} */ (error);
      this.#againTimer = setTimeout(() => this.flush(), AGAIN_SECONDS * 1000);
      this.#items.filter((item) => !item.isRefused).forEach((item) => this.#callbacks.onFailed(item, reason));
    } finally {
      this.#isSending = false;
    }
  }

  /** The page shows another conversation: what waits is for the next time that this one is opened. */
  stop() {
    clearTimeout(this.#againTimer);
  }

  #next() {
    return this.#items.find((item) => !item.isRefused);
  }

  /** @param {Item} item */
  async #send(item) {
    this.#callbacks.onSending(item);
    try {
      const message = await this.#post(item);
      this.remove(item.client_id);
      this.#callbacks.onStored(item, message);
    } catch (error) {
      const reason = /** @type {ApiError} */ (error);
      if (reason.isPassing !== false) throw error;
      item.isRefused = true;
      this.#callbacks.onFailed(item, reason);
    }
  }

  /** @param {Item} item */
  async #post({ content, client_id: clientId, attachments = [] }) {
    const files = attachments.length > 0 ? { attachments: attachments.map(({ id }) => id) } : {};
    for (let attempt = 1; ; ) {
      try {
        return await callApi("POST", this.#path, { content, client_id: clientId, ...files });
      } catch (error) {
        const reason = /** @type {ApiError} */ (error);
        const isLimited = reason.status === 429; // then the server has said when it takes more
        if (!reason.isPassing || reason.status === 0 || (attempt >= QUICK_RETRIES && !isLimited)) throw error;
        if (isLimited) this.#items.filter((item) => !item.isRefused).forEach((item) => this.#callbacks.onDelayed(item));
        const seconds = reason.retryAfterSeconds ?? RETRY_SECONDS * attempt;
        if (!isLimited) attempt += 1;
        await new Promise((resume) => setTimeout(resume, seconds * 1000));
      }
    }
  }
}
