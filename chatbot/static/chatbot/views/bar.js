/** The bar: whom one talks to and how it stands; below it, while something is wrong, a strip that says so. */

import { Icon } from "../../browser/kit/icon.js";
import { fill, initials } from "../../browser/kit/text.js";
import { formatMoment, formatSecond } from "../../browser/kit/time.js";
import { html } from "../../browser/kit/ui.js";
import { STATUS } from "../../browser/talk/model/session.js";

const TROUBLES = {
  "": () => "",
  lost: () => gettext("Connection lost. Reconnecting…"),
  slow: () => gettext("Messages may take a little longer than usual."),
};

function statusText(status) {
  if (status === STATUS.waiting) return gettext("Waiting for an agent");
  if (status === STATUS.live) return gettext("Support team");
  if (status === STATUS.closed) return gettext("This conversation is closed");
  return gettext("Our assistant answers at once");
}

const agentName = (agent) => agent?.name ?? gettext("Agent");

/** @param props.logo the address of the product's picture */
export function Who({ store, logo }) {
  const isLive = store.status.value === STATUS.live;
  const name = isLive ? agentName(store.agent.value) : gettext("Customer support");
  const face = isLive
    ? html`<span class="avatar by-agent" aria-hidden="true">${initials(name)}</span>`
    : html`<img class="logo" src=${logo} alt="" width="38" height="38" />`;
  const isLost = store.trouble.value === "lost";
  return html`${face}<div class="bar-title">
    <h1>${name}</h1>
    <p id="status" class="status" role="status" data-status=${store.status.value} data-trouble=${store.trouble.value}>
      <span>${isLost ? gettext("No connection") : statusText(store.status.value)}</span></p>
  </div>`;
}

export function Strip({ store, connectNow }) {
  const trouble = store.trouble.value;
  return html`<div class="strip" data-trouble=${trouble} hidden=${!trouble}>
    <p id="connection">${TROUBLES[trouble]()}</p>
    ${trouble === "lost" && html`<${Until} link=${store.link} />`}
    ${trouble === "lost" && html`<button id="connect" type="button" class="button plain" onClick=${connectNow}>${gettext("Connect now")}</button>`}
  </div>`;
}

/** Up to when nothing is missing; nothing before the stream was there at all. */
const Until = ({ link: { value: { until } } }) => (until > 0
  ? html`<p id="up-to">${fill(gettext("Up to date until %(time)s"), { time: formatSecond(until) })}</p>` : null);

/** The button for a person, above the composer as long as the assistant answers. */
export function ToHuman({ store, escalate }) {
  if (!store.canAskForHuman.value) return null;
  const isBusy = store.busyWith.value === "escalate";
  if (store.choices.value.length) return html`<${Choice} store=${store} escalate=${escalate} isBusy=${isBusy} />`;
  return html`<button id="escalate" type="button" class="button to-human" aria-busy=${isBusy} disabled=${isBusy} onClick=${() => escalate()}>
    <${Icon} name="headset" />${gettext("Talk to a human")}</button>`;
}

/** The teams to choose from, each with when it is there. */
function Choice({ store, escalate, isBusy }) {
  const ask = (team) => html`<button type="button" class="button" disabled=${isBusy} data-team=${team?.id ?? ""}
    onClick=${() => escalate(team?.id ?? null)}>${team?.name ?? gettext("Something else")}${closedText(team)}</button>`;
  return html`<div id="teams" class="button-row" role="group" aria-label=${gettext("Whom would you like to talk to?")}>
    ${store.choices.value.map(ask)}${ask(null)}
    <button id="choose-none" type="button" class="button plain" onClick=${() => { store.choices.value = []; }}>${gettext("Cancel")}</button>
  </div>`;
}

function closedText(team) {
  if (!team || team.is_open) return "";
  return team.opens_at
    ? ` · ${fill(gettext("opens %(moment)s"), { moment: formatMoment(team.opens_at) })}` : ` · ${gettext("closed")}`;
}

const soundText = ({ isOn, isRefused }) => {
  if (!isOn.value) return gettext("Sound: off");
  return isRefused.value ? gettext("Sound: refused by the browser") : gettext("Sound: on");
};

/** What is rarely needed. */
export function Menu({ store, attention, actions }) {
  const hasTalk = !store.isEmpty.value;
  const name = store.name.value;
  const isOpen = store.status.value !== STATUS.closed;
  return html`
    ${hasTalk && html`<button id="new" type="button" onClick=${actions.startAfresh}><${Icon} name="edit" />${gettext("New conversation")}</button>`}
    ${name && html`<a id="transcript" href=${actions.transcriptOf(name)} download onClick=${actions.closeMenu}><${Icon} name="download" />${gettext("Download the transcript")}</a>`}
    <button id="sound" type="button" aria-pressed=${attention.isOn.value} onClick=${() => attention.toggle()}><${Icon} name="bell" />${soundText(attention)}</button>
    ${name && hasTalk && isOpen && html`<button id="end" type="button" onClick=${actions.end}><${Icon} name="leave" />${gettext("End the conversation")}</button>`}
    ${attention.isRefused.value && html`<p id="sound-refused" role="status">${gettext("The browser refuses the sound. Click here once; if it stays silent, allow sound for this page.")}</p>`}
    ${store.link.value.isLive && html`<p id="since">${fill(gettext("Up to date since %(time)s"), { time: formatSecond(store.link.value.since) })}</p>`}`;
}
