/** The one announcement: who began to wait while the queue was out of view. */

import { byId } from "../../browser/kit/page.js";
import { Icon } from "../../browser/kit/icon.js";
import { fill } from "../../browser/kit/text.js";
import { computed, html, render, signal } from "../../browser/kit/ui.js";
import { nameOf } from "./customer.js";
import { linkTo } from "./row.js";

/**
 * Announce in one toast the customers who began to wait out of view and still wait.
 * @returns announce(name), clear()
 */
export function mountToast(store) {
  const names = signal([]);
  const waiting = computed(() => {
    const announced = new Set(names.value);
    return store.queue.rows.value.filter(({ key, isOpen }) => announced.has(key) && !isOpen);
  });
  const clear = () => { names.value = []; };
  const Toast = () => {
    const [first] = waiting.value;
    return first ? html`<${Bar} row=${first} count=${waiting.value.length} onClose=${clear} />` : null;
  };
  render(html`<${Toast} />`, byId("toasts"));
  return { clear, announce: (name) => { names.value = [...names.peek().filter((each) => each !== name), name]; } };
}

function Bar({ row: { key, session }, count, onClose }) {
  const title = count === 1
    ? fill(gettext("%(customer)s asks for a human"), { customer: nameOf(session) })
    : fill(ngettext("%(count)s more waits", "%(count)s more wait", count), { count });
  const text = count === 1 ? session.question || session.reason || session.last_message : nameOf(session);
  return html`<div class="toast" data-name=${key}>
    <a href=${linkTo(key)} onClick=${onClose}><strong>${title}</strong> <span>${text}</span></a>
    <button type="button" class="quiet icon-button" aria-label=${gettext("Dismiss")} onClick=${onClose}><${Icon} name="close" /></button>
  </div>`;
}
