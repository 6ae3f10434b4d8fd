/** Who did what with a conversation, line by line. */

import { formatClock, formatMoment } from "../../browser/kit/time.js";
import { html } from "../../browser/kit/ui.js";

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
  prioritised: () => gettext("changed the priority"),
  labelled: () => gettext("changed the labels"),
  noted: () => gettext("changed the customer's data"),
  closed: () => gettext("closed it"),
  reopened: () => gettext("wrote again"),
};

const nameOf = (who, agentId) => (typeof who === "string" ? ACTORS[who]?.() ?? who : who?.id === agentId ? gettext("You") : who?.name ?? "");

const Line = ({ line: { at, who, what, why }, agentId }) => html`<li><time dateTime=${at} title=${formatMoment(at)}>${formatClock(at)}</time>
  <div><strong>${nameOf(who, agentId)}</strong> ${WHAT[what]?.() ?? what}${why && html`<small>${why}</small>`}</div></li>`;

/** @param items the lines of a session, oldest first @param agentId whose page it is */
export const Lines = ({ items, agentId }) => html`<ol>${items.map((line, index) => html`<${Line} key=${index} line=${line} agentId=${agentId} />`)}</ol>`;
