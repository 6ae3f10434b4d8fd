/**
 * What the plain text of a message holds: a quote at its top ("> " before each of its lines), and links.
 *
 * Joined again the parts are the text, to the character: nothing is hidden or shown that was not written.
 *
 * @typedef {{text: string, href: string | null}} Part
 * @typedef {{quote: readonly string[], parts: readonly Part[]}} Content
 */

// Only what URLs are made of: Chinese text or its punctuation right behind one ends it.
const URL_TEXT = /\bhttps?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi;
const TRAILING = /[.,;:!?'"\])*]+$/;
const QUOTE_MARK = "> ";
const QUOTED_LINES = 3;
const QUOTED_LENGTH = 200;

/** @param {string} text @returns {Content} */
export function readContent(text) {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith(QUOTE_MARK));
  const count = end < 1 || lines.slice(end).join("").trim() === "" ? 0 : end; // a quote alone is only text
  return { quote: lines.slice(0, count), parts: findLinks(lines.slice(count).join("\n")) };
}

/** @param {string} text @returns {Part[]} */
export function findLinks(text) {
  /** @type {Part[]} */
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(URL_TEXT)) {
    const url = endOf(match[0]);
    if (!URL.canParse(url)) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index), href: null });
    parts.push({ text: url, href: url });
    from = match.index + url.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), href: null });
  return parts;
}

/** The lines that quote a message, to stand before a reply: without its own quote, and short.
 * @param {string} text */
export function quote(text) {
  const own = readContent(text).parts.map((part) => part.text).join("").trim();
  const characters = [...own];
  const short = characters.length > QUOTED_LENGTH ? `${characters.slice(0, QUOTED_LENGTH).join("")}…` : own;
  return short.split("\n").slice(0, QUOTED_LINES).map((line) => `${QUOTE_MARK}${line}\n`).join("");
}

/** Punctuation behind a URL is the sentence's; a bracket is the URL's if it opens one. @param {string} url */
function endOf(url) {
  const short = url.replace(TRAILING, "");
  const rest = url.slice(short.length);
  const isOpen = short.split("(").length > short.split(")").length;
  return isOpen && rest.startsWith(")") ? `${short})` : short;
}
