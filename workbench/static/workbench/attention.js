/** What the agent notices when looking elsewhere: how many wait and how much is unread, in the title of the page. */

import { effect } from "../browser/kit/ui.js";

/** Keep both numbers before the title: "2 unread · 42 waiting · Workbench". */
export function showCounts(store) {
  const { title } = document;
  effect(() => {
    const unread = store.unreadCount.value;
    const waiting = store.waitingCount.value;
    const counts = [
      unread && interpolate(ngettext("%(count)s unread", "%(count)s unread", unread), { count: unread }, true),
      waiting && interpolate(ngettext("%(count)s waiting", "%(count)s waiting", waiting), { count: waiting }, true),
    ];
    document.title = [...counts.filter(Boolean), title].join(" · ");
  });
}
