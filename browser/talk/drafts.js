/** What is written and not sent yet: kept in the browser until then, over a reload and a tab that is closed. */

/** @param {string} key */
export const readDraft = (key) => localStorage.getItem(key) ?? "";

/** @param {string} key @param {string} text empty: it was sent */
export function keepDraft(key, text) {
  if (text) localStorage.setItem(key, text);
  else localStorage.removeItem(key);
}
