/** The left pane: the agent's own conversations, and who waits. */

import { byId } from "../../browser/kit/page.js";
import { fill } from "../../browser/kit/text.js";
import { html, render, useComputed } from "../../browser/kit/ui.js";
import { stepOf } from "../model/rows.js";
import { makeRows } from "./rows.js";

/** @param onTake called with the name of a session that waits */
export function mountInbox(store, { limits, onTake }) {
  const groupOf = ({ session, since }) => (session.on_hold ? gettext("On hold") : since ? null : gettext("Answered"));
  mountList(byId("mine"), store.mine, { store, limits, groupOf });
  mountList(byId("queue"), store.queue, { store, limits, onTake });
  render(html`<${MineHead} store=${store} limits=${limits} />`, byId("mine-head"));
  render(html`<${Count} value=${store.waitingCount} />`, byId("queue-count"));
  render(html`<${Count} value=${store.waitingCount} />`, byId("take-next-count"));
  render(html`<${Empty} list=${store.mine} text=${gettext("Conversations that you take stay here until you close them.")} />`, byId("mine-empty"));
  render(html`<${Empty} list=${store.queue} text=${gettext("Customers who ask for a human appear here.")} />`, byId("queue-empty"));
}

/** Draw a list of the store into a list of the page. */
export function mountList(element, list, options) {
  render(html`<${makeRows(element, list, options)} />`, element);
}

const Count = ({ value }) => (value.value ? `(${value.value})` : "");

const Empty = ({ list, text }) => (list.rows.value.length ? null : html`<p class="none">${text}</p>`);

function MineHead({ store, limits }) {
  const rows = store.mine.rows.value;
  const due = rows.filter(({ session, since }) => since && !session.on_hold);
  const longest = Math.min(...due.map(({ since }) => since));
  const classes = useComputed(() => {
    const since = Math.min(...store.mine.rows.value.map(({ since: each }) => each ?? Infinity));
    return `due step-${stepOf((store.serverNow.value - since) / 1000, limits)}`;
  });
  const text = ngettext("%(count)s waits for you", "%(count)s wait for you", due.length);
  return html`<h2 id="mine-title">${gettext("Mine")}</h2><span id="mine-count" class="n">${rows.length}</span>
    ${Number.isFinite(longest) && html`<strong class=${classes}>${fill(text, { count: due.length })}</strong>`}`;
}
