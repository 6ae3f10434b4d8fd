/** Tells the other side that one writes: at most every five seconds, and when it is over. */

import { callApi } from "./http.js";

const EVERY_MS = 5000; // a reader forgets it after six

export class TypingSender {
  #lastAt = -Infinity;
  #path;

  /** @param {() => string | null} path where it is told; null while there is no session */
  constructor(path) {
    this.#path = path;
  }

  /** The text changed to this, was sent ("") or was left (""). @param {string} text @param {number} at milliseconds */
  hear(text, at = Date.now()) {
    const isActive = text.trim() !== "";
    if (isActive ? at - this.#lastAt < EVERY_MS : this.#lastAt === -Infinity) return;
    this.#lastAt = isActive ? at : -Infinity;
    const path = this.#path();
    if (path) callApi("POST", path, { active: isActive }).catch(() => {}); // it is forgotten by itself
  }
}
