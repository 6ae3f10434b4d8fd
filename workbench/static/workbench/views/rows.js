/** A list of rows: one Tab stop, arrows inside, an order that waits while somebody points at it. */

import { computed, html, remember, signal } from "../../browser/kit/ui.js";
import { nextIndex } from "../model/rows.js";
import { Row } from "./row.js";

/**
 * The rows of a list as a component without properties. Its keys and pointers are heard on `element`, a list of the page.
 * @param list {rows, isHeld} of the store
 * @param options.groupOf gives the heading under which a row stands, or null; rows of a group stand together
 */
export function makeRows(element, list, { store, limits, onTake, groupOf = () => null }) {
  const focused = signal(null);
  const tabbable = computed(() => {
    const keys = list.rows.value.map(({ key }) => key);
    return keys.includes(focused.value) ? focused.value : keys[0] ?? null;
  });
  const draw = remember((row) => html`<${Row} key=${row.key} row=${row} store=${store} limits=${limits}
    tabbable=${tabbable} onTake=${onTake} />`);
  listen(element, list, focused);

  return function Rows() {
    let group = null;
    return list.rows.value.flatMap((row) => {
      const before = group;
      group = groupOf(row);
      const isFirst = group && group !== before;
      return isFirst ? [html`<li key=${`group ${group}`} class="sub"><h3>${group}</h3></li>`, draw(row)] : [draw(row)];
    });
  };
}

function listen(element, list, focused) {
  element.addEventListener("pointermove", ({ pointerType }) => { list.isHeld.value = pointerType === "mouse"; });
  element.addEventListener("pointerleave", () => { list.isHeld.value = false; });
  element.addEventListener("focusin", ({ target }) => {
    focused.value = target.closest(".row")?.querySelector(".row-link").dataset.key ?? focused.peek();
  });
  element.addEventListener("keydown", (event) => moveFocus(event, element));
}

/** Up and down between rows; right to the action of a row, left back. */
function moveFocus(event, element) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const links = [...element.querySelectorAll(".row-link")];
  const row = event.target.closest(".row");
  const aside = { ArrowRight: ".row-action", ArrowLeft: ".row-link" }[event.key];
  const index = nextIndex(event.key, links.indexOf(row?.querySelector(".row-link")), links.length);
  const target = aside ? row?.querySelector(aside) : links[index ?? -1];
  if (!target) return;
  event.preventDefault();
  target.focus();
}
