/** One row of a list: who, which language, since when, what about, and what can be done with it. */

import { STATUS } from "../../browser/talk/model/session.js";
import { html, useComputed } from "../../browser/kit/ui.js";
import { fill } from "../../browser/kit/text.js";
import { formatAgo, formatDuration } from "../../browser/kit/time.js";
import { stepOf } from "../model/rows.js";
import { Face, Language, nameOf, Urgency } from "./customer.js";

export const linkTo = (name) => `#/${encodeURIComponent(name)}`;

/** How long somebody has waited; its colour changes at the limits. Only its text ticks. */
export const Waiting = ({ since, kind, store, limits }) => {
  const seconds = useComputed(() => (store.serverNow.value - since) / 1000);
  const classes = useComputed(() => `${kind} step-${stepOf(seconds.value, limits)}`);
  return html`<span class=${classes}>${useComputed(() => formatDuration(seconds.value))}</span>`;
};

/** How long ago something was, in words. */
export const Ago = ({ at, store }) => html`<span>${useComputed(() => formatAgo(at, store.serverNow.value))}</span>`;

function Time({ row: { session, since, isMine }, store, limits }) {
  const kind = isMine ? "age" : "time";
  if (since) return html`<${Waiting} key=${since} since=${since} kind=${kind} store=${store} limits=${limits} />`;
  return session.active_at ? html`<${Ago} key=${session.active_at} at=${session.active_at} store=${store} />` : null;
}

/** What the row is about: the question of who waits, the last words of the others. */
function textOf({ session, since, isMine }) {
  const { status, question, reason, last_message: words = "", previewed_role: role, agent } = session;
  if (status === STATUS.waiting) return question || words || reason || "";
  if (isMine) {
    const isAnswer = role ? role === "agent" : !since && Boolean(question);
    return isAnswer && words ? fill(gettext("You: %(words)s"), { words }) : words || question || "";
  }
  if (status === STATUS.live) return fill(gettext("With %(agent)s"), { agent: agent?.name ?? "" });
  return words;
}

const STATES = { [STATUS.bot]: () => gettext("With the assistant"), [STATUS.closed]: () => gettext("Closed") };

function Badge({ count }) {
  if (!count) return null;
  const text = fill(ngettext("%(count)s unread", "%(count)s unread", count), { count });
  return html`<span class="badge" data-count=${count}><span class="sr-only">${text}</span></span>`;
}

/** @param onTake called with the session's name; without it the row has no action */
export function Row({ row, store, limits, tabbable, onTake }) {
  const { key, session, isMine, isOpen, unread, since } = row;
  const tabIndex = useComputed(() => (tabbable.value === key ? 0 : -1));
  const classes = ["row", isOpen && "is-open", isMine && since && "is-due", unread > 0 && "is-unread"].filter(Boolean).join(" ");
  const step = useComputed(() => (since ? stepOf((store.serverNow.value - since) / 1000, limits) : ""));
  const state = STATES[session.status]?.();
  return html`<li class=${classes} data-status=${session.status} data-step=${step}>
    <a class="row-link" href=${linkTo(key)} aria-current=${isOpen ? "true" : null} data-key=${key} tabIndex=${tabIndex}>
      <${Face} session=${session} />
      <span class="row-main">
        <span class="row-head">
          <span class="row-name">${nameOf(session)}</span><${Language} code=${session.language} /><${Urgency} priority=${session.priority} />
          <span class="row-time"><${Time} row=${row} store=${store} limits=${limits} /></span>
        </span>
        <span class="row-foot">
          <span class="row-preview">${textOf(row)}</span>${state && html`<span class="row-note">${state}</span>`}<${Badge} count=${unread} />
        </span>
      </span>
    </a>
    ${onTake && html`<button type="button" class="row-action" tabIndex=${-1} onClick=${() => onTake(key)}
      aria-label=${fill(gettext("Take over %(customer)s"), { customer: nameOf(session) })}>${gettext("Take over")}</button>`}
  </li>`;
}
