/** Texts that are put together. */

/** Fill %(name)s in a translated text. @param {string} text @param {Record<string, string | number>} values */
export function fill(text, values) {
  return interpolate(text, values, true);
}

/** Up to two letters for an avatar: "Alice Wong" is AW, 王小明 is 小明. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return "?";
  if (/\p{Script=Han}/u.test(words[0])) return [...words[0]].slice(-2).join("");
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
}
