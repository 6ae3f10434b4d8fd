/** By what the agent is called, for which event; and the button that tries the sound. */

import { byId } from "../../browser/kit/page.js";
import { html, render } from "../../browser/kit/ui.js";

const WAYS = [["sound", () => gettext("Sound")], ["notification", () => gettext("Notification")]];
const KINDS = [["mine", () => gettext("Mine: a customer writes")], ["waiting", () => gettext("Waiting: somebody asks for a human")]];

function Choice({ attention, way, kind, label }) {
  const onChange = ({ currentTarget }) => attention.choose(way, kind, currentTarget.checked);
  return html`<td><input type="checkbox" checked=${attention.settings.value[way][kind]} aria-label=${label} onChange=${onChange} /></td>`;
}

function Permission({ attention }) {
  const { value } = attention.permission;
  if (value === "default") {
    return html`<button type="button" class="line-button" onClick=${() => attention.askPermission()}>${gettext("Allow notifications")}</button>`;
  }
  return value === "denied" ? html`<p class="soft">${gettext("This browser does not show notifications of this page.")}</p>` : null;
}

function Settings({ attention }) {
  const refused = gettext("The browser refuses the sound. Click here once; if it stays silent, allow sound for this page.");
  return html`<h2>${gettext("Sound and notifications")}</h2>
    <table>
      <thead><tr><td></td>${WAYS.map(([way, name]) => html`<th key=${way} scope="col">${name()}</th>`)}</tr></thead>
      <tbody>${KINDS.map(([kind, name]) => html`<tr key=${kind}><th scope="row">${name()}</th>${WAYS.map(([way, wayName]) => html`
        <${Choice} key=${way} attention=${attention} way=${way} kind=${kind} label=${`${name()}: ${wayName()}`} />`)}</tr>`)}</tbody>
    </table>
    <p class="soft">${gettext("Who waits is rung for again every 30 seconds, until somebody takes the conversation.")}</p>
    <div class="attention-actions">
      <button id="play-sound" type="button" class="line-button" onClick=${() => attention.play()}>${gettext("Play the sound")}</button>
      <${Permission} attention=${attention} />
    </div>
    <p id="sound-refused" class="refused" role="status">${attention.isRefused.value ? refused : ""}</p>`;
}

/** Draw the settings into their menu. */
export const drawAttention = (attention) => render(html`<${Settings} attention=${attention} />`, byId("attention"));
