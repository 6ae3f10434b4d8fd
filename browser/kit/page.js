/** Building blocks of our pages: elements, icons, times, ids. User text goes in as text only. */

const ICONS_URL = new URL("icons.svg", import.meta.url).href;
const LOCALE = document.documentElement.lang || "en";
const DAY_MS = 86400000;
const DOUBLE_CLICK_MS = 700; // half a second is usual; slow hands get more
const DOUBLE_CLICK_PX = 24; // a finger's second tap is near the first

/** Make an element: el("button", {class: "x", onclick: f}, "text", child). Strings become text nodes. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${ICONS_URL}#${name}`);
  svg.append(use);
  return svg;
}

/** Make `wanted` the children of a list, moving as few as possible: what stays keeps focus and is not announced again. */
export function arrange(list, wanted) {
  const kept = new Set(wanted);
  for (const node of [...list.children]) if (!kept.has(node)) node.remove();
  let cursor = list.firstElementChild;
  for (const node of wanted) {
    if (node === cursor) cursor = cursor.nextElementSibling;
    else list.insertBefore(node, cursor);
  }
}

/**
 * The second click of a double click is for what the first one met: a button that has come to its place does not get
 * it, if it is one of these (a selector), which change something for somebody else.
 */
export function dropStrayClicks(guarded) {
  let last = { at: -Infinity };
  const drop = (event) => {
    const control = event.target.closest("button, a");
    const isSamePlace = Math.hypot(event.clientX - last.x, event.clientY - last.y) < DOUBLE_CLICK_PX;
    const isSoon = event.timeStamp - last.at < DOUBLE_CLICK_MS;
    const isOther = last.control && control !== last.control;
    if (event.detail && control?.matches(guarded) && isOther && isSamePlace && isSoon) {
      event.preventDefault();
      event.stopImmediatePropagation();
      last.at = event.timeStamp;
    } else if (event.detail) { // a key's click has none
      last = { at: event.timeStamp, x: event.clientX, y: event.clientY, control };
    }
  };
  document.addEventListener("click", drop, { capture: true });
}

export const byId = (id) => document.getElementById(id);

export function readPageConfig() {
  return JSON.parse(byId("page-config").textContent);
}

/** A random id; crypto.randomUUID is missing on plain http pages other than localhost. */
export function makeId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Up to two letters for an avatar: "Alice Wong" is AW, 王小明 is 小明. */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return "?";
  if (/\p{Script=Han}/u.test(words[0])) return [...words[0]].slice(-2).join("");
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
}

const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

export const formatClock = (iso) => clock.format(new Date(iso));
export const formatMoment = (iso) => moment.format(new Date(iso));

export function dayKey(iso) {
  const date = new Date(iso);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function formatDay(iso) {
  if (dayKey(iso) === dayKey(Date.now())) return gettext("Today");
  if (dayKey(iso) === dayKey(Date.now() - DAY_MS)) return gettext("Yesterday");
  return longDay.format(new Date(iso));
}

/** The time of day today, else the day: for lists. */
export function formatRecent(iso) {
  return dayKey(iso) === dayKey(Date.now()) ? formatClock(iso) : shortDay.format(new Date(iso));
}

/** A waiting time as 0:07, 12:30 or 1:02:03. */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Fill %(name)s in a translated text. */
export function fill(text, values) {
  return interpolate(text, values, true);
}

/** Put a count before the title of the page, for a tab in the background. */
export function setTitleCount(count) {
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count > 0 ? `(${count}) ${title}` : title;
}
