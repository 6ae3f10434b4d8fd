/** Times as people read them, in the language of the page. */

const DAY_MS = 86400000;

const LOCALE = globalThis.document?.documentElement.lang || "en";
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

/** @typedef {string | number} Instant ISO 8601, or milliseconds since 1970 */

/** @param {Instant} at */
export const formatClock = (at) => clock.format(new Date(at));

/** @param {Instant} at */
export const formatMoment = (at) => moment.format(new Date(at));

/** The same for all instants of one day, in the reader's time zone. @param {Instant} at */
export function dayKey(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** @param {Instant} at */
export function formatDay(at) {
  if (dayKey(at) === dayKey(Date.now())) return gettext("Today");
  if (dayKey(at) === dayKey(Date.now() - DAY_MS)) return gettext("Yesterday");
  return longDay.format(new Date(at));
}

/** The time of day today, else the day: for lists. @param {Instant} at */
export function formatRecent(at) {
  return dayKey(at) === dayKey(Date.now()) ? formatClock(at) : shortDay.format(new Date(at));
}

/** A waiting time as 0:07, 12:30 or 1:02:03. @param {number} seconds */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

const minutes = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "minute", unitDisplay: "short" });
const hours = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "hour", unitDisplay: "short" });

/** How long ago: "now", "4 min", "3 hr", then the day. @param {Instant} at @param {number} nowMs */
export function formatAgo(at, nowMs) {
  const passed = Math.floor((nowMs - new Date(at).getTime()) / 60000);
  if (passed < 1) return gettext("now");
  if (passed < 60) return minutes.format(passed);
  return passed < 24 * 60 ? hours.format(Math.floor(passed / 60)) : shortDay.format(new Date(at));
}

const before = new Intl.RelativeTimeFormat(LOCALE, { style: "short", numeric: "auto" });
const STEPS = /** @type {const} */ ([["day", 1440], ["hour", 60], ["minute", 1]]); // in minutes

/** How long before now: "4 min ago", "yesterday". @param {Instant} at @param {number} nowMs */
export function formatBefore(at, nowMs) {
  const passed = Math.max(0, Math.floor((nowMs - new Date(at).getTime()) / 60000));
  const [unit, length] = STEPS.find(([, minutesOf]) => passed >= minutesOf) ?? STEPS[2];
  return passed < 1 ? gettext("now") : before.format(-Math.floor(passed / length), unit);
}

const second = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** The time of day with seconds: 14:02:11. @param {Instant} at */
export const formatSecond = (at) => second.format(new Date(at));
