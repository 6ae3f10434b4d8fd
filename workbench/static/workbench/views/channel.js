/** How far the page can be trusted: live and until when, a little slower, or without a connection. */

import { byId } from "../../browser/kit/page.js";
import { formatSecond } from "../../browser/kit/time.js";
import { fill } from "../../browser/kit/text.js";
import { html, now, render, signal } from "../../browser/kit/ui.js";

const SHOW_TROUBLE_AFTER_MS = 1500;

const TEXTS = {
  connecting: () => gettext("Connecting…"),
  live: () => gettext("Live"),
  degraded: () => gettext("Live, a little slower"),
  reconnecting: () => gettext("No connection, trying again…"),
};

/**
 * Show the state of the stream. Without a connection the time stands still at the last moment that is known, and the
 * page's `data-channel` takes away every sign that somebody is there.
 * @returns show({state, degraded}) for SharedStream
 */
export function mountChannel() {
  const shown = signal("connecting");
  const lastLive = signal(0);
  let timer = null;
  const isLive = () => shown.value === "live" || shown.value === "degraded";
  const Time = () => {
    const at = isLive() ? now.value : lastLive.value;
    return at ? html`<span class="channel-time" aria-hidden="true"> · ${fill(gettext("up to date %(time)s"), { time: formatSecond(at) })}</span>` : null;
  };
  const Channel = () => html`<b role="status">${TEXTS[shown.value]()}</b><${Time} />`;
  render(html`<${Channel} />`, byId("connection"));

  const display = (state) => {
    shown.value = state;
    byId("connection").dataset.state = state;
    document.body.dataset.channel = state;
    byId("connect-now").hidden = state !== "reconnecting";
  };
  return ({ state, degraded }) => {
    clearTimeout(timer);
    if (state === "live") {
      display(degraded ? "degraded" : "live");
      return;
    }
    if (isLive()) lastLive.value = Date.now();
    timer = setTimeout(() => display(state), SHOW_TROUBLE_AFTER_MS);
  };
}
