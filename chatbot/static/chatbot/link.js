/** The link of an e-mail, which opens one conversation: its proof stands behind the `#`, and is handed in once. */

import { callApi } from "../browser/net/http.js";

const LINK = /^#link=(.+)$/;

/**
 * Which conversation this tab shows: that of a link, in this tab only, or the browser's own.
 * @param {string} key of the names in the storages
 */
export const knownSession = (key) => sessionStorage.getItem(key) ?? localStorage.getItem(key);

/** Leave the conversation that a link has opened. Returns whether there was one. @param {string} key */
export function leaveLinked(key) {
  const isLinked = sessionStorage.getItem(key) !== null;
  sessionStorage.removeItem(key);
  return isLinked;
}

/**
 * Hand in the link with which the page was opened, if it was with one. It leaves the address, and so the history, once
 * it was answered. Returns why that failed, if it did.
 * @param {string} key
 * @returns {Promise<import("../browser/net/http.js").ApiError | null>}
 */
export async function openLink(key) {
  const link = LINK.exec(location.hash)?.[1];
  if (!link) return null;
  try {
    const { session_name: name } = await callApi("POST", "/api/links", { link: decodeURIComponent(link) });
    if (name === localStorage.getItem(key)) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, name);
    forgetLink();
    return null;
  } catch (error) {
    if (!error.isPassing) forgetLink();
    return error;
  }
}

/**
 * Open the conversation of the link with which the page was opened, else the one that is known.
 * @param {string} key
 * @param {{openKnown: () => Promise<void>, later: (error: any, again: () => void) => void, show: (text: string) => void}} page
 */
export async function start(key, page) {
  const refusal = await openLink(key);
  if (refusal?.isPassing) page.later(refusal, () => start(key, page));
  else await page.openKnown();
  if (refusal) page.show(refusal.message);
}

const forgetLink = () => history.replaceState(null, "", location.pathname + location.search);
