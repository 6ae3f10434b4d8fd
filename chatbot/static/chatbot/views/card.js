/** The state card: what is true now, always the last thing in the log. */

import { Icon } from "../../browser/kit/icon.js";
import { fill } from "../../browser/kit/text.js";
import { html, useSignal } from "../../browser/kit/ui.js";

const SCORES = [1, 2, 3, 4, 5];
const MAX_COMMENT_LENGTH = 1000;
const MAX_EMAIL_LENGTH = 254;

function Waiting({ store, actions }) {
  const position = store.position.value;
  const title = position
    ? fill(gettext("You are number %(position)s in the queue"), { position })
    : gettext("You are in the queue");
  const isBusy = store.busyWith.value === "cancel";
  return html`<section class="card person" aria-labelledby="card-title">
    <div class="place">
      ${position && html`<span class="number" aria-hidden="true">${position}</span>`}
      <div><h2 id="card-title">${title}</h2>
        ${store.why.value && html`<p id="why" class="soft">${store.why.value} ${usualWait(store.minutes.value)}</p>`}
        <p class="soft">${gettext("You can keep writing: the agent will read everything.")}</p></div>
    </div>
    <${Address} store=${store} actions=${actions} />
    <div class="button-row">
      <button id="cancel" type="button" class="button" aria-busy=${isBusy} disabled=${isBusy} onClick=${actions.cancelWaiting}>${gettext("Stop waiting")}</button>
    </div>
  </section>`;
}

/** How long others have waited, where that is known. */
function usualWait(minutes) {
  if (!minutes) return "";
  const [from, to] = minutes;
  if (from === to || to === 1) return fill(gettext("Others have lately waited about %(to)s min."), { to });
  return fill(gettext("Others have lately waited %(from)s to %(to)s min."), { from, to });
}

/** How to be reached, for who cannot wait. */
function Address({ store, actions }) {
  const isChanging = useSignal(false);
  const known = store.email.value;
  if (known && !isChanging.value) {
    return html`<p class="note">${fill(gettext("We can reach you at %(email)s."), { email: known })}
      <button id="email-change" type="button" class="button plain" onClick=${() => { isChanging.value = true; }}>${gettext("Change")}</button></p>`;
  }
  const save = async (event) => {
    event.preventDefault();
    if (await actions.leaveEmail(new FormData(event.currentTarget).get("email").trim())) isChanging.value = false;
  };
  return html`<details class="why" open=${isChanging.value}><summary>${gettext("Cannot wait? Leave your e-mail address")}<${Icon} name="next" /></summary>
    <form id="email-form" onSubmit=${save}>
      <label class="field"><span>${gettext("Your e-mail address")}</span>
        <input id="email" type="email" name="email" autocomplete="email" inputmode="email" maxlength=${MAX_EMAIL_LENGTH} required defaultValue=${known} /></label>
      <div class="button-row"><button type="submit" class="button" disabled=${store.busyWith.value === "email"}>${gettext("Save")}</button></div>
    </form>
  </details>`;
}

function Score({ score }) {
  const label = fill(gettext("%(score)s of 5"), { score });
  return html`<label><input type="radio" name="score" value=${score} aria-label=${label} required /><${Icon} name="star" /></label>`;
}

function Rating({ store, actions }) {
  const agent = store.servedBy.value;
  const title = agent ? fill(gettext("How did %(agent)s do?"), { agent: agent.name }) : gettext("How did we do?");
  const send = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    actions.rate(Number(form.get("score")), form.get("comment").trim());
  };
  return html`<form id="rating" class="card" aria-labelledby="card-title" onSubmit=${send}>
    <h2 id="card-title">${title}</h2>
    <fieldset><legend class="sr-only">${gettext("From 1, bad, to 5, very good")}</legend>
      <div class="stars">${SCORES.map((score) => html`<${Score} key=${score} score=${score} />`)}</div></fieldset>
    <p class="scale" aria-hidden="true"><span>${gettext("Bad")}</span><span>${gettext("Very good")}</span></p>
    <label class="field"><span>${gettext("What could be better? (optional)")}</span><textarea name="comment" rows="2" maxlength=${MAX_COMMENT_LENGTH}></textarea></label>
    <div class="button-row">
      <button type="submit" class="button primary" disabled=${store.busyWith.value === "rating"}>${gettext("Send the rating")}</button>
      <button id="not-now" type="button" class="button plain" onClick=${actions.declineRating}>${gettext("Not now")}</button>
    </div>
    <p class="soft note">${gettext("Write a message and our assistant answers again.")}</p>
  </form>`;
}

function Closed({ title }) {
  return html`<section class="card" aria-labelledby="card-title">
    <h2 id="card-title">${title}</h2>
    <p>${gettext("Write a message and our assistant answers again.")}</p>
  </section>`;
}

const CARDS = {
  waiting: Waiting,
  rating: Rating,
  closed: () => html`<${Closed} title=${gettext("Anything else?")} />`,
  thanks: () => html`<${Closed} title=${gettext("Thank you for your rating.")} />`,
};

export function StateCard({ store, actions }) {
  const Card = CARDS[store.card.value];
  return Card ? html`<${Card} store=${store} actions=${actions} />` : null;
}
