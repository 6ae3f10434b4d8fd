/** Suggested replies, a slim row under the composer's text: a click puts one into it, and never sends it. */

import { html, useSignal } from "../../browser/kit/ui.js";

/** @param items a signal of {key, question, answer, language} @param onPick called with one of them */
export function Suggestions({ items, onPick }) {
  const looked = useSignal(null); // at the answer of the one with this key
  const item = items.value.find(({ key }) => key === looked.value);
  if (items.value.length === 0) return null;
  const lookAt = (key) => () => { looked.value = key; };
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || !item) return;
    event.stopPropagation();
    looked.value = null;
  };
  const pick = (picked) => {
    looked.value = null;
    onPick(picked);
  };
  return html`<div class="suggested" role="group" aria-label=${gettext("Suggested replies")} onKeyDown=${onKeyDown}>${
    items.value.map((each) => html`<button key=${each.key} type="button" class="suggestion" aria-describedby=${each === item ? "suggested-answer" : null}
      onPointerEnter=${lookAt(each.key)} onPointerLeave=${lookAt(null)} onFocus=${lookAt(each.key)} onBlur=${lookAt(null)}
      onClick=${() => pick(each)}><span>${each.question}</span></button>`)}</div>
    ${item && html`<div id="suggested-answer" class="suggested-answer" role="tooltip" dir="auto">${item.answer}</div>`}`;
}
