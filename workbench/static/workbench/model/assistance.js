/**
 * What an agent may want help with, as values.
 *
 * @import { Entry } from "../../browser/talk/model/transcript.js"
 * @typedef {"en" | "zh-hans"} Language what translations are made to
 */

const ADDRESS = /\S+:\/\/\S+|\S+@\S+/g;
const WORD = /\p{Script=Latin}{2,}/gu;
const HAN = /\p{Script=Han}/gu;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;
const LETTER = /\p{L}/gu;

/** The id of what the customer wrote last, if no agent has answered since, or is about to.
 * @param {readonly Entry[]} entries @returns {number | null} */
export function unansweredId(entries) {
  const last = entries.findLast(({ message: { role } }) => role === "customer" || role === "agent")?.message;
  return last?.role === "customer" ? last.id ?? null : null;
}

/** The language of most words of a text: null for one without any, "other" where it is neither of ours. Which of those in
 * Latin letters it is, nobody can tell: they count as English.
 * @param {string} text @returns {Language | "other" | null} */
export function languageOf(text) {
  const plain = text.replace(ADDRESS, " ");
  const words = plain.match(WORD) ?? [];
  const han = count(plain, HAN);
  const others = count(plain, LETTER) - count(plain, /\p{Script=Latin}/gu) - han;
  if (KANA.test(plain) || others > han + words.length) return "other";
  if (words.length + han === 0) return null;
  return han >= words.length ? "zh-hans" : "en";
}

/** @param {string} text @param {RegExp} what */
const count = (text, what) => (text.match(what) ?? []).length;
