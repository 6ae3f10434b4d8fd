/** What the agent has chosen to be, and the menu in which he does. */

import { byId } from "../../browser/kit/page.js";
import { fill } from "../../browser/kit/text.js";
import { html, render, useSignal } from "../../browser/kit/ui.js";

const CHOICES = {
  available: [() => gettext("Available"), () => gettext("Offers come to me, I may take from the queue")],
  busy: [() => gettext("Busy"), () => gettext("No offers; my customers still reach me")],
  away: [() => gettext("Away"), () => gettext("Lunch, a meeting, a training: say why")],
};

const nameOf = (availability) => CHOICES[availability]?.[0]() ?? "";

const MAX_BARS = 8;

/** How much of the capacity is used, as bars. */
function Meter({ live, capacity }) {
  const length = Math.min(capacity, MAX_BARS);
  const used = Math.round((live / capacity) * length);
  const bars = Array.from({ length }, (_each, index) => html`<i class=${index < used ? "on" : ""} />`);
  return html`<span class="meter" aria-hidden="true">${bars}</span>`;
}

function State({ store }) {
  const { availability, reason, capacity } = store.self.value;
  if (!availability) return null;
  const live = store.liveCount.value;
  const load = fill(gettext("%(live)s of %(capacity)s conversations"), { live, capacity });
  return html`<span class="own-state" data-availability=${availability}><span class="own-availability">${reason || nameOf(availability)}</span>
    <${Meter} live=${live} capacity=${capacity} /><span class="own-load" title=${load}><span aria-hidden="true">${live}/${capacity}</span><span class="sr-only">${load}</span></span></span>`;
}

function Reason({ reasons, onChoose }) {
  const text = useSignal("");
  const choose = (event) => {
    event.preventDefault();
    onChoose(text.value.trim());
  };
  return html`<form class="why-away" onSubmit=${choose}>
    <label for="away-reason" class="sr-only">${gettext("Reason")}</label>
    <input id="away-reason" list="away-reasons" maxlength="80" placeholder=${gettext("Reason (colleagues see it)")} autocomplete="off"
      value=${text} onInput=${({ currentTarget }) => { text.value = currentTarget.value; }} />
    <datalist id="away-reasons">${reasons.map((each) => html`<option key=${each} value=${each} />`)}</datalist>
    <button type="submit" class="line-button">${gettext("Set")}</button>
  </form>`;
}

function Choices({ store, reasons, onChoose }) {
  const asksWhy = useSignal(null);
  const { availability, reason } = store.self.value;
  const choose = (choice, why = "") => {
    asksWhy.value = null;
    onChoose(choice, why);
  };
  return html`<div role="radiogroup" aria-label=${gettext("Availability")} class="choices">${Object.entries(CHOICES).map(([choice, [name, what]]) => html`
    <button key=${choice} type="button" role="radio" class="choice" data-choice=${choice} aria-checked=${String(choice === availability)}
      onClick=${() => (choice === "available" ? choose(choice) : (asksWhy.value = choice, onChoose(choice, "")))}>
      <i class="state-dot" data-availability=${choice} /><span><strong>${name()}</strong><small>${choice === availability && reason ? reason : what()}</small></span></button>
    ${asksWhy.value === choice && html`<${Reason} key="why" reasons=${reasons[choice] ?? []} onChoose=${(why) => choose(choice, why)} />`}`)}
  </div>`;
}

/** @param reasons {busy, away}: what may be picked @param onChoose called with the choice and why */
export function mountAvailability(store, { reasons, onChoose }) {
  render(html`<${State} store=${store} />`, byId("own-state"));
  render(html`<${Choices} store=${store} reasons=${reasons} onChoose=${onChoose} />`, byId("availability"));
}
