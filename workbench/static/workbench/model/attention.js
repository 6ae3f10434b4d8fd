/**
 * When the agent is to be called, as values. `mine`: a customer of the agent's writes; `waiting`: one begins to wait.
 *
 * @typedef {"mine" | "waiting"} Kind
 * @typedef {{sound: Record<Kind, boolean>, notification: Record<Kind, boolean>}} Settings
 */

/** @type {Settings} */
export const DEFAULTS = Object.freeze({
  sound: { mine: true, waiting: true },
  notification: { mine: true, waiting: true },
});

/** What was stored, as far as it says something; else the defaults. @param {any} stored @returns {Settings} */
export function readSettings(stored) {
  const choose = (/** @type {"sound" | "notification"} */ way, /** @type {Kind} */ kind) =>
    (typeof stored?.[way]?.[kind] === "boolean" ? stored[way][kind] : DEFAULTS[way][kind]);
  const both = (/** @type {"sound" | "notification"} */ way) => ({ mine: choose(way, "mine"), waiting: choose(way, "waiting") });
  return { sound: both("sound"), notification: both("notification") };
}

/** @param {Settings} settings @param {"sound" | "notification"} way @param {Kind} kind @param {boolean} isOn @returns {Settings} */
export const withChoice = (settings, way, kind, isOn) => ({ ...settings, [way]: { ...settings[way], [kind]: isOn } });

/** How to call: nobody is rung for what is before their eyes, nor notified of what the page in front of them shows.
 * @param {Settings} settings @param {Kind} kind
 * @param {{isSeen: boolean, hasFocus: boolean}} now whether the very conversation is seen; whether the page has focus */
export const callsFor = (settings, kind, { isSeen, hasFocus }) => ({
  sound: settings.sound[kind] && !isSeen,
  notification: settings.notification[kind] && !hasFocus,
});

const RING_AGAIN_MS = 30_000;

/** Whether it is time to ring again: somebody waits, whether or not this page was open when it began.
 * @param {number} waiting how many wait @param {number} rangAt when it rang for one of them @param {number} nowMs */
export const ringsAgain = (waiting, rangAt, nowMs) => waiting > 0 && nowMs - rangAt >= RING_AGAIN_MS;
