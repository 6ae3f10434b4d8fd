/** What is printed of a conversation. */

import { byId } from "../../browser/kit/page.js";
import { formatClock, formatDay } from "../../browser/kit/time.js";
import { html, render } from "../../browser/kit/ui.js";
import { linesOf } from "../model/written_out.js";

/** @param heading the title, and lines below it @param entries of all messages */
export function drawSheet([title, ...facts], entries) {
  let day = "";
  const rows = entries.flatMap((entry, index) => {
    const before = day;
    day = formatDay(entry.at);
    const row = html`<${Entry} key=${index} entry=${entry} />`;
    return day === before ? [row] : [html`<h2 key=${`day ${index}`}>${day}</h2>`, row];
  });
  render(html`<h1>${title}</h1>${facts.map((fact) => html`<p class="sheet-fact" key=${fact}>${fact}</p>`)}${rows}`, byId("sheet"));
}

export const clearSheet = () => render(null, byId("sheet"));

const Entry = ({ entry }) => html`<div class=${`sheet-entry ${entry.name ? "" : "is-notice"}`}>
  <time>${formatClock(entry.at)}</time><div>${entry.name && html`<strong>${entry.name}</strong>`}${
    linesOf(entry).map((line, index) => html`<p key=${index} dir="auto">${line}</p>`)}</div></div>`;
