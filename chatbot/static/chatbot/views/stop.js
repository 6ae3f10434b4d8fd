/** The button that ends what the assistant is writing, and what tells a screen reader of an answer that has come to its end. */

import { html } from "../../browser/kit/ui.js";

export function Stop({ assistant }) {
  if (!assistant.isStoppable.value) return null;
  const isStopping = assistant.isStopping.value;
  return html`<button id="stop" type="button" class="button" aria-busy=${isStopping} disabled=${isStopping}
    onClick=${() => assistant.stop()}><span class="stop-mark" aria-hidden="true"></span>${gettext("Stop")}</button>`;
}

export const Finished = ({ text }) => html`${text.value}`;
