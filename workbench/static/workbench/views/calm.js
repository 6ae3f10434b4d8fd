/** The middle pane while nothing is open: what to do next, and the day's figures. */

import { byId } from "../../browser/kit/page.js";
import { fill } from "../../browser/kit/text.js";
import { effect, html, render, signal } from "../../browser/kit/ui.js";

/** @param fetchDay fetches the figures of the day that began then, a Date */
export function mountCalm(store, fetchDay) {
  const day = signal(null);
  const refresh = async () => {
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    try {
      day.value = await fetchDay(midnight);
    } catch {
      day.value = null; // figures are no reason for an error
    }
  };
  effect(() => {
    if (store.openName.value === null) refresh();
  });
  render(html`<${Calm} store=${store} day=${day} />`, byId("calm"));
}

function Calm({ store, day }) {
  const waiting = store.waitingCount.value;
  const title = waiting === 0 ? gettext("Nobody is waiting")
    : fill(ngettext("%(count)s customer waits", "%(count)s customers wait", waiting), { count: waiting });
  return html`<h2>${title}</h2><p>${nextStep(waiting, store.mine.rows.value.length)}</p>
    ${day.value && html`<${Figures} day=${day.value} />`}`;
}

function nextStep(waiting, mine) {
  if (waiting > 0) return gettext("Take the next one, or open one of your conversations.");
  if (mine > 0) return gettext("Open one of your conversations on the left.");
  return gettext("Customers who ask for a human appear on the left. Leave this page open.");
}

function Figures({ day: { begun, closed_by_me: closed, ratings, rating } }) {
  return html`<dl class="figures">
    <${Figure} term=${gettext("You closed")} value=${closed} note=${gettext("today")} />
    <${Figure} term=${gettext("Conversations")} value=${begun} note=${gettext("begun today")} />
    ${ratings > 0 && html`<${Figure} term=${gettext("Rating")} value=${rating.toFixed(1)}
      note=${fill(ngettext("from %(count)s customer", "from %(count)s customers", ratings), { count: ratings })} />`}
  </dl>`;
}

const Figure = ({ term, value, note }) => html`<div><dt>${term}</dt><dd class="n">${value}</dd><dd class="figure-note">${note}</dd></div>`;
