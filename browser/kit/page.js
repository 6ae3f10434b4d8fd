/** What a page has beside what it shows: its parts by id, its configuration, its title, its clicks. */

const DOUBLE_CLICK_MS = 700; // half a second is usual; slow hands get more
const DOUBLE_CLICK_PX = 24; // a finger's second tap is near the first

export const byId = (id) => document.getElementById(id);

export function readPageConfig() {
  return JSON.parse(byId("page-config").textContent);
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

/** Put a count before the title of the page, for a tab in the background. */
export function setTitleCount(count) {
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count > 0 ? `(${count}) ${title}` : title;
}
