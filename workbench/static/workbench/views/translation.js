/** Below the words of a message in another language: a button that translates them, and what they mean. */

import { html, useComputed, useSignal } from "../../browser/kit/ui.js";

/** @param translations {to, isFor(message), asked} */
export const makeNote = (translations) => function Note({ message }) {
  const isHere = useComputed(() => translations.isFor(message)).value;
  return isHere && html`<${Translation} id=${message.id} translations=${translations} />`;
};

function Translation({ id, translations: { to, asked } }) {
  const { isBusy, answer, error } = asked.of(id).value;
  const isHidden = useSignal(false);
  const isShown = answer && !isHidden.value;
  const onClick = () => {
    if (answer) isHidden.value = !isHidden.value;
    else asked.ask(id);
  };
  return html`<div class="translation">
    ${isShown && html`<p lang=${to} dir="auto">${answer.text}</p>`}
    ${error && html`<span role="alert">${error}</span>`}
    <button type="button" class="link" aria-disabled=${isBusy ? "true" : null} onClick=${onClick}>${labelOf(isBusy, isShown)}</button>
  </div>`;
}

function labelOf(isBusy, isShown) {
  if (isBusy) return gettext("Translating…");
  return isShown ? gettext("Hide translation") : gettext("Translate");
}
