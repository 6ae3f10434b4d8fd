/** Preact with signals and htm, what measuring needs of it, and the one clock of a page. */

import { options, signal } from "../vendor/preact.js";

export * from "../vendor/preact.js";

/** The local time in milliseconds; ticks while startClock() runs. What counts reads it, and only that is rendered. */
export const now = signal(Date.now());

/** Let `now` tick, by default every second. */
export function startClock(everyMs = 1000) {
  return setInterval(() => { now.value = Date.now(); }, everyMs);
}

/** Render what a change made stale before this returns: for who measures the page. @param {() => void} change */
export function flushNow(change) {
  /** @type {(() => void) | null} */
  let process = null;
  const before = options.debounceRendering;
  options.debounceRendering = (/** @type {() => void} */ work) => { process = work; };
  try {
    change();
  } finally {
    options.debounceRendering = before;
  }
  /** @type {any} */ (process)?.();
}

/** Make of each value once: Preact skips what is the same element as before.
 * @template {object} V, R @param {(value: V) => R} make @returns {(value: V) => R} */
export function remember(make) {
  const made = new WeakMap();
  return (value) => {
    if (!made.has(value)) made.set(value, make(value));
    return made.get(value);
  };
}
