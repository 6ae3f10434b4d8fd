/** What a page has beside what it shows: its parts by id, its configuration, its title, its clicks. */

const DOUBLE_CLICK_MS = 400; // slower ones are meant: who takes one customer after the other clicks twice a second

export const byId = (id) => document.getElementById(id);

export function readPageConfig() {
  return JSON.parse(byId("page-config").textContent);
}

/**
 * The second half of a double click is for what the first one met: a control that has come to its place does not get it,
 * if it is one of these (a selector), which change something for somebody else. Any other click counts.
 */
export function dropStrayClicks(guarded) {
  let lastAt = -Infinity;
  const drop = (event) => {
    const isSecondHalf = event.detail === 2 && event.timeStamp - lastAt < DOUBLE_CLICK_MS; // a key's click has no detail
    lastAt = event.timeStamp;
    if (!isSecondHalf || !event.target.closest("button, a")?.matches(guarded)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener("click", drop, { capture: true });
}

/** Put a count before the title of the page, for a tab in the background. */
export function setTitleCount(count) {
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count > 0 ? `(${count}) ${title}` : title;
}
