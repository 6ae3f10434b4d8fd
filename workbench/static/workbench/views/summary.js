/** What a conversation comes to: with the assistant before it came to people, and, when it is asked for, all of it. */

import { html } from "../../browser/kit/ui.js";

/** @param asked gives {isBusy, answer, error} of a session, by its name, and asks for it */
export const makeSummary = (asked) => function Summary({ session: { session_name: name, summary } }) {
  if (summary === undefined) return null; // a list told of it; who may read it has more
  const { isBusy, answer, error } = asked.of(name).value;
  const text = answer ? answer.text || gettext("Nothing has been said yet.") : summary;
  return html`<section class="summary" aria-labelledby="summary-title">
    <h3 id="summary-title">${gettext("Summary")}${text && html` <small>${sourceOf(answer)}</small>`}</h3>
    <p aria-live="polite" dir="auto">${text}</p>
    ${error && html`<p class="error-text" role="alert">${error}</p>`}
    <button type="button" class="quiet" aria-disabled=${isBusy ? "true" : null} onClick=${() => asked.ask(name)}>${labelOf(isBusy, answer)}</button>
  </section>`;
};

function sourceOf(answer) {
  if (!answer) return gettext("with the assistant");
  return answer.is_written_by_model ? gettext("by a language model") : gettext("the last messages");
}

function labelOf(isBusy, answer) {
  if (isBusy) return gettext("Summing up…");
  return answer ? gettext("Sum up again") : gettext("Sum up the conversation");
}
