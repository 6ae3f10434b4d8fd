/** The offer that this agent has to answer: who, why he, and how long still. */

import { byId } from "../../browser/kit/page.js";
import { fill } from "../../browser/kit/text.js";
import { Icon } from "../../browser/kit/icon.js";
import { html, render, useComputed } from "../../browser/kit/ui.js";
import { Face, Language, nameOf } from "./customer.js";

const CIRCLE = 100; // its length, as pathLength below

/** The seconds that are left, and a circle that empties. The text ticks; nothing else is rendered anew. */
function Countdown({ offer, store }) {
  const endsAt = Date.parse(offer.expires_at);
  const whole = Math.max(1, endsAt - store.serverNow.peek());
  const seconds = useComputed(() => Math.max(0, Math.ceil((endsAt - store.serverNow.value) / 1000)));
  const dashes = useComputed(() => `${Math.max(0, Math.min(CIRCLE, (CIRCLE * (endsAt - store.serverNow.value)) / whole))} ${CIRCLE}`);
  const label = useComputed(() => fill(ngettext("%(count)s second left", "%(count)s seconds left", seconds.value), { count: seconds.value }));
  return html`<span class="countdown" role="timer" aria-label=${label}>
    <svg viewBox="0 0 36 36" aria-hidden="true"><circle class="track" cx="18" cy="18" r="15.5" />
      <circle class="left" cx="18" cy="18" r="15.5" pathLength=${CIRCLE} stroke-dasharray=${dashes} /></svg>
    <span aria-hidden="true">${seconds}</span></span>`;
}

function Offer({ offer, count, store, onAccept, onDecline }) {
  const session = store.board.value.sessions.get(offer.session_name) ?? { session_name: offer.session_name };
  const kind = offer.from ? fill(gettext("%(agent)s transfers to you"), { agent: offer.from.name }) : gettext("Offered to you");
  return html`<section class="offer" role="alertdialog" aria-labelledby="offer-title" aria-describedby="offer-why" data-offer=${offer.offer_id}>
    <header class="offer-head"><${Face} session=${session} />
      <div><p class="offer-kind">${kind}${count > 1 && html`<span class="n"> ${fill(gettext("1 of %(count)s"), { count })}</span>`}</p>
        <h2 id="offer-title">${nameOf(session)} <${Language} code=${session.language} /></h2></div>
      <${Countdown} key=${offer.offer_id} offer=${offer} store=${store} /></header>
    ${(session.question || session.last_message) && html`<p class="offer-question">${session.question || session.last_message}</p>`}
    ${offer.note && html`<p class="offer-note">${offer.note}</p>`}
    <p id="offer-why" class="offer-why">${offer.why && html`<${Icon} name="info" /><span>${offer.why}</span>`}</p>
    <div class="offer-actions">
      <button id="accept-offer" type="button" class="primary" aria-keyshortcuts="a" onClick=${() => onAccept(offer)}>${gettext("Accept")}<kbd aria-hidden="true">A</kbd></button>
      <button id="decline-offer" type="button" class="line-button" aria-keyshortcuts="d" onClick=${() => onDecline(offer)}>${gettext("Decline")}<kbd aria-hidden="true">D</kbd></button>
    </div>
  </section>`;
}

/** Draw the first offer over the list. @param answers {onAccept(offer), onDecline(offer)} */
export function mountOffer(store, answers) {
  const First = () => {
    const [first] = store.offered.value;
    return first ? html`<${Offer} key=${first.offer_id} offer=${first} count=${store.offered.value.length} store=${store} ...${answers} />` : null;
  };
  render(html`<${First} />`, byId("offer"));
}
