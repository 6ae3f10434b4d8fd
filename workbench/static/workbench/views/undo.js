/** What can still be undone, and what the page says of a channel: small bars of the frame. */

import { byId } from "../../browser/kit/page.js";
import { fill } from "../../browser/kit/text.js";
import { html, now, render } from "../../browser/kit/ui.js";
import { nameOf } from "./customer.js";

export const UNDO_MS = 6000;

const TEXTS = {
  close: () => gettext("%(customer)s: closed"),
  release: () => gettext("%(customer)s: back to the assistant"),
};

/** Say in a bar what became of something that this agent did before; it goes by itself. @param said a signal of the text */
export function mountSaid(said) {
  const Said = () => (said.value ? html`<div class="undo-bar">${said.value}</div>` : null);
  render(html`<${Said} />`, byId("said"));
}

/** @param pending a signal: null, or {session, action, endsAt} @param onUndo called by the button */
export function mountUndo(pending, onUndo) {
  const Undo = () => {
    if (!pending.value) return null;
    const { session, action, endsAt } = pending.value;
    const text = fill(TEXTS[action](), { customer: nameOf(session) });
    const seconds = Math.ceil(Math.min(UNDO_MS, Math.max(0, endsAt - now.value)) / 1000); // the clock may stand a little behind
    return html`<div class="undo-bar" key=${`${action} ${session.session_name}`}>
      <span>${text}</span>
      <button id="undo-button" type="button" class="soft-button" onClick=${onUndo}>${gettext("Undo")}<span class="n" aria-hidden="true"> ${seconds}</span></button>
    </div>`;
  };
  render(html`<${Undo} />`, byId("undo"));
}
