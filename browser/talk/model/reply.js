/**
 * What belongs to a message of the bot beside its words, and how its words are shown while they come.
 *
 * @import { Entry } from "./transcript.js"
 * @typedef {{title: string, url: string}} Source
 */

const SETTLES = /[\s\u3000-\uffef][^\s\u3000-\uffef]*$/; // no link goes over one of these
const NOT_WORDS = /[\s\p{P}\p{S}]+/gu;

/** Cut where what comes later changes nothing: behind the last character that ends a link.
 * @param {string} text @returns {[string, string]} what stays as it is, and the rest */
export function settle(text) {
  const at = text.search(SETTLES) + 1;
  return [text.slice(0, at), text.slice(at)];
}

/** The sources that say something: those with an address, those that the words name by number ("[2]"), and those that are
 * not only the question again. @param {readonly Source[]} sources @param {string} words @param {string} question
 * @returns {readonly (Source & {number: number | null})[]} `number` where the words have it */
export function tellingSources(sources, words, question) {
  const asked = wordsOf(question);
  return sources
    .map((source, index) => ({ ...source, number: words.includes(`[${index + 1}]`) ? index + 1 : null }))
    .filter(({ title, url, number }) => isAddress(url) || (title && (number || wordsOf(title) !== asked)));
}

/** Other addresses come from the editors of the knowledge base: a script is no address. @param {string} url */
export const isAddress = (url) => /^https?:\/\/|^\/(?!\/)/.test(url);

/** What a customer wrote last before the message of this id. @param {readonly Entry[]} entries @param {number} id */
export function questionBefore(entries, id) {
  const at = entries.findLastIndex(({ message }) => message.id === id);
  return entries.slice(0, Math.max(0, at)).findLast(({ message }) => message.role === "customer")?.message.content ?? "";
}

/** @param {string} text */
const wordsOf = (text) => text.toLowerCase().replace(NOT_WORDS, " ").trim();
