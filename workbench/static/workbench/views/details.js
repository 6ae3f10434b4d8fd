/** The right pane: who the customer is. Only what changes is rendered, so that a marked address stays marked. */

import { byId } from "../../browser/kit/page.js";
import { STATUS } from "../../browser/talk/model/session.js";
import { formatBefore, formatMoment } from "../../browser/kit/time.js";
import { fill } from "../../browser/kit/text.js";
import { Icon } from "../../browser/kit/icon.js";
import { html, render, useComputed, useSignal } from "../../browser/kit/ui.js";
import { waitingSince } from "../model/board.js";
import { Face, Language, nameOf, PRIORITIES } from "./customer.js";
import { Waiting } from "./row.js";

const COPIED_MS = 2000;

const Fact = ({ term, children }) => (children ? html`<div class="fact"><dt>${term}</dt><dd>${children}</dd></div>` : null);

const Before = ({ at, store }) => html`<span title=${formatMoment(at)}>${useComputed(() => formatBefore(at, store.serverNow.value))}</span>`;

/** The session's name is for other programs only: it is copied, not shown. */
function Copy({ text, label }) {
  const isCopied = useSignal(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    isCopied.value = true;
    setTimeout(() => { isCopied.value = false; }, COPIED_MS);
  };
  return html`<button type="button" class="quiet copy" onClick=${copy}><${Icon} name="copy" />
    <span aria-live="polite">${isCopied.value ? gettext("Copied") : label}</span></button>`;
}

/** What became of the last email with replies that the customer had not seen. */
function mailedText({ state, at }) {
  const texts = {
    sent: gettext("E-mailed %(time)s"),
    sending: gettext("Being sent since %(time)s"),
    delayed: gettext("Could not be sent %(time)s, will be tried again"),
    failed: gettext("Could not be sent %(time)s"),
  };
  return fill(texts[state] ?? "", { time: formatMoment(at) });
}

/** Where the customer came from: an address is a link only if a browser can open it. */
const Page = ({ page }) => (/^https?:/.test(page) ? html`<a href=${page} title=${page} target="_blank" rel="noopener noreferrer">${page.replace(/^https?:../, "")}</a>` : page);

/** Who did what: fetched, with what draws it, when it is unfolded. @param fetch gives the lines of a session, by its name */
function History({ session, agentId, fetch }) {
  const lines = useSignal(null);
  const error = useSignal("");
  const onToggle = async ({ currentTarget }) => {
    if (!currentTarget.open) return;
    try {
      const [{ Lines }, items] = await Promise.all([import("./history.js"), fetch(session.session_name)]);
      lines.value = html`<${Lines} items=${items} agentId=${agentId} />`;
      error.value = "";
    } catch (failure) {
      error.value = failure.message;
    }
  };
  return html`<details class="history" onToggle=${onToggle}><summary>${gettext("Who did what")}</summary>
    ${error.value && html`<p class="none" role="alert">${error.value}</p>`}${lines}</details>`;
}

function Details({ store, limits, fetchHistory, edits }) {
  const session = store.board.value.sessions.get(store.openName.value);
  if (!session) return html`<p class="none">${gettext("Open a conversation to see who you are talking to.")}</p>`;
  const { customer, question, reason, agent, status, created_at: createdAt, active_at: activeAt, language, labels = [], priority, page, on_hold: held, mailed } = session;
  const since = status === STATUS.waiting ? waitingSince(session) : null;
  return html`<div class="card" key=${session.session_name}>
    <div class="card-head"><${Face} session=${session} size="large" /><h2>${nameOf(session)} <${Language} code=${language} /></h2>
      ${edits.may(session) && html`<button type="button" id="edit" class="quiet icon-button" title=${gettext("Edit")} aria-label=${gettext("Edit")} onClick=${() => edits.ask(session)}><${Icon} name="edit" /></button>`}</div>
    ${labels.length > 0 && html`<ul class="labels" aria-label=${gettext("Labels")}>${labels.map((each) => html`<li key=${each} class="label">${each}</li>`)}</ul>`}
    <dl id="details-list" class="facts">
      <${Fact} term=${gettext("Email")}>${customer?.email && html`<a href=${`mailto:${customer.email}`} title=${customer.email}>${customer.email}</a>`}</${Fact}>
      <${Fact} term=${gettext("Replies by email")}>${mailed && mailedText(mailed)}</${Fact}>
      <${Fact} term=${gettext("Phone")}>${customer?.phone}</${Fact}>
      <${Fact} term=${gettext("Priority")}>${priority && priority !== "normal" && PRIORITIES[priority]()}</${Fact}>
      <${Fact} term=${gettext("Question")}>${question}</${Fact}>
      <${Fact} term=${gettext("Reason")}>${reason}</${Fact}>
      <${Fact} term=${gettext("Waiting for")}>${since && html`<${Waiting} since=${since} kind="time" store=${store} limits=${limits} />`}</${Fact}>
      <${Fact} term=${gettext("Agent")}>${agent?.name}</${Fact}>
      <${Fact} term=${gettext("On hold")}>${held && (held.until ? fill(gettext("Until %(moment)s"), { moment: formatMoment(held.until) }) : gettext("Until the customer writes"))}</${Fact}>
      <${Fact} term=${gettext("Last activity")}>${activeAt && html`<${Before} at=${activeAt} store=${store} />`}</${Fact}>
      <${Fact} term=${gettext("Came from")}>${page && html`<${Page} page=${page} />`}</${Fact}>
      <${Fact} term=${gettext("Started")}>${createdAt && html`<${Before} at=${createdAt} store=${store} />`}</${Fact}>
    </dl>
    ${store.Summary.value && html`<${store.Summary.value} key=${`summary ${session.session_name}`} session=${session} />`}
    <${History} key=${`history ${session.session_name}`} session=${session} agentId=${store.self.peek().id} fetch=${fetchHistory} />
    <${Copy} text=${session.session_name} label=${gettext("Copy the conversation's id")} />
  </div>`;
}

/** @param edits {may(session), ask(session)}: whether and how the agent changes what is noted */
export const mountDetails = (store, limits, fetchHistory, edits) =>
  render(html`<${Details} store=${store} limits=${limits} fetchHistory=${fetchHistory} edits=${edits} />`, byId("details-content"));
