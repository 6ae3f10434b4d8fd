/** Who did what with the open conversation: fetched when it is unfolded. */

import { formatClock, formatMoment } from "../../browser/kit/time.js";
import { html, useSignal } from "../../browser/kit/ui.js";

const ACTORS = { customer: () => gettext("Customer"), bot: () => gettext("Assistant"), system: () => "" };

const WHAT = {
  escalated: () => gettext("asked for a human"),
  gave_up: () => gettext("stopped waiting"),
  taken: () => gettext("took over"),
  offered: () => gettext("offered"),
  accepted: () => gettext("accepted the offer"),
  declined: () => gettext("declined the offer"),
  expired: () => gettext("let the offer run out"),
  withdrawn: () => gettext("offer withdrawn"),
  transferred: () => gettext("asked a colleague"),
  moved: () => gettext("moved it to another team"),
  requeued: () => gettext("back to the queue"),
  released: () => gettext("gave it back to the assistant"),
  held: () => gettext("put it on hold"),
  resumed: () => gettext("went on"),
  closed: () => gettext("closed it"),
  reopened: () => gettext("wrote again"),
};

const nameOf = (who, agentId) => (typeof who === "string" ? ACTORS[who]?.() ?? who : who?.id === agentId ? gettext("You") : who?.name ?? "");

const Line = ({ line: { at, who, what, why }, agentId }) => html`<li><time dateTime=${at} title=${formatMoment(at)}>${formatClock(at)}</time>
  <div><strong>${nameOf(who, agentId)}</strong> ${WHAT[what]?.() ?? what}${why && html`<small>${why}</small>`}</div></li>`;

/** @param fetch gives the lines of a session, by its name */
export function History({ session, agentId, fetch }) {
  const items = useSignal(null);
  const error = useSignal("");
  const onToggle = async ({ currentTarget }) => {
    if (!currentTarget.open) return;
    try {
      items.value = await fetch(session.session_name);
      error.value = "";
    } catch (failure) {
      error.value = failure.message;
    }
  };
  return html`<details class="history" onToggle=${onToggle}><summary>${gettext("Who did what")}</summary>
    ${error.value && html`<p class="none" role="alert">${error.value}</p>`}
    <ol>${items.value?.map((line, index) => html`<${Line} key=${index} line=${line} agentId=${agentId} />`)}</ol></details>`;
}
