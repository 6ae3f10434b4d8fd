/** The rows of a transcript: days, messages, notices, a gap, and who writes at this moment. */

import { Icon } from "../../kit/icon.js";
import { fill } from "../../kit/text.js";
import { formatClock, formatDay } from "../../kit/time.js";
import { computed, html, remember } from "../../kit/ui.js";
import { layOut } from "../model/transcript.js";
import { Avatar } from "./avatar.js";
import { Message } from "./message.js";

/** A component of the rows. Each of these remembers its own: a row that did not change is skipped.
 * @param shown a signal of the transcript's {entries, gap, missed} @param limit a signal: at most that many of the last rows
 * @param typing a signal of {kind, name} or null @param talk what the messages share */
export function makeRows({ shown, limit, typing, talk }) {
  let rows = [];
  const missedCount = computed(() => shown.value.missed.count);
  const draw = remember((row) => html`<${Row} key=${row.key} row=${row} talk=${talk} missedCount=${missedCount} />`);
  return function Rows() {
    const { entries, gap, missed } = shown.value;
    rows = layOut(entries, rows, { gap, missedFrom: missed.from });
    return html`${rows.slice(-limit.value).map(draw)}${
      typing.value && html`<${Typing} key="typing" ...${typing.value} />`}`;
  };
}

function Row({ row, talk, missedCount }) {
  const { message } = row.entry;
  if (row.kind === "message") return html`<${Message} row=${row} talk=${talk} />`;
  if (row.kind === "day") return html`<li class="day"><span>${formatDay(message.created_at)}</span></li>`;
  if (row.kind === "gap") return html`<li class="gap"><span>${gettext("Messages are missing here. They are being fetched.")}</span></li>`;
  if (row.kind === "missed") return html`<li class="missed"><span>${missedText(missedCount.value)}</span></li>`;
  return html`<li class="notice" data-notice=${message.notice}><span>${talk.noticeOf(message)} <time datetime=${message.created_at}>${
    formatClock(message.created_at)}</time></span></li>`;
}

const missedText = (count) =>
  fill(ngettext("%(count)s message while you were away", "%(count)s messages while you were away", count), { count });

const Typing = ({ kind, name, face }) => html`<li class=${`message typing by-${kind} starts-group`}>
  <${Avatar} kind=${kind} name=${name} face=${face} />
  <div class="body">
    <span class="sr-only">${fill(gettext("%(name)s is writing…"), { name })}</span>
    <div class="bubble" aria-hidden="true"><i /><i /><i /></div>
  </div></li>`;

export const Below = ({ count, onClick }) => html`<button type="button" class="below" hidden=${count.value === 0} onClick=${onClick}>
  <${Icon} name="down" />${fill(ngettext("%(count)s new message", "%(count)s new messages", count.value), { count: count.value })}
</button>`;
