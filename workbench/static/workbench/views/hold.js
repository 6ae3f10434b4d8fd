/** The dialog that asks until when a conversation rests. */

import { fill } from "../../browser/kit/text.js";
import { formatMoment } from "../../browser/kit/time.js";
import { html, signal } from "../../browser/kit/ui.js";
import { nameOf } from "./customer.js";
import { openDialog } from "./dialog.js";

const MINUTE_MS = 60_000;
const MORNING_HOUR = 9;

/** What is offered, in the order of time. @param {number} now @returns {[string, Date][]} */
function choices(now) {
  const later = (minutes) => new Date(now + minutes * MINUTE_MS);
  const morning = new Date(now);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(MORNING_HOUR, 0, 0, 0);
  return [
    [gettext("For 30 minutes"), later(30)], [gettext("For 2 hours"), later(120)],
    [fill(gettext("Until %(moment)s"), { moment: formatMoment(morning) }), morning],
  ];
}

function Form({ session, now, dialog, onHold }) {
  const { until, isBusy, error } = dialog;
  const submit = (event) => {
    event.preventDefault();
    onHold(new Date(until.value));
  };
  return html`<form class="edit" onSubmit=${submit}>
    <h2 id="hold-title">${fill(gettext("Hold %(customer)s"), { customer: nameOf(session) })}</h2>
    <p class="soft">${gettext("It does not count until then, or until the customer writes.")}</p>
    <div class="hold-choices">${choices(now).map(([text, moment]) => html`<button key=${text} type="button" class="line-button" disabled=${isBusy.value}
      onClick=${() => onHold(moment)}>${text}</button>`)}</div>
    <div><label for="hold-moment">${gettext("Until another time")}</label>
      <input id="hold-moment" type="datetime-local" required onInput=${({ currentTarget }) => { until.value = currentTarget.value; }} /></div>
    <p class="error-text" role="alert">${error}</p>
    <footer><button type="button" class="line-button" onClick=${dialog.close}>${gettext("Cancel")}</button>
      <button type="submit" class="primary" disabled=${!until.value || isBusy.value}>${gettext("Hold")}</button></footer>
  </form>`;
}

/** Ask in a dialog. @param hold called with a Date; a promise */
export const askUntilWhen = (session, hold) => openDialog("hold-dialog", { until: signal("") },
  (dialog, onHold) => html`<${Form} session=${session} now=${Date.now()} dialog=${dialog} onHold=${onHold} />`, hold);
