/** What goes along with the next message: the button that chooses files, and the tray with one chip for each. */

import { Icon } from "../../kit/icon.js";
import { fill } from "../../kit/text.js";
import { html, useLayoutEffect, useRef } from "../../kit/ui.js";
import { formatBytes } from "../model/attachments.js";
import { acceptOf, MAX_FILES } from "../model/uploads.js";

const language = () => document.documentElement.lang || "en";
const sizeOf = (bytes) => formatBytes(bytes, language());
const percentOf = (part) => new Intl.NumberFormat(language(), { style: "percent" }).format(part);

/** @param uploads signal of the Uploads that are shown */
export function AttachButton({ uploads }) {
  const input = useRef(null);
  const { limits } = uploads.value;
  const label = fill(gettext("Attach files (up to %(size)s each)"), { size: sizeOf(limits.maxBytes) });
  const take = ({ target }) => {
    uploads.peek().add(target.files);
    target.value = ""; // else the same file could not be chosen again
  };
  return html`<button type="button" class="tool quiet icon-button" title=${label} aria-label=${label}
      onClick=${() => input.current.click()}><${Icon} name="attach" /></button>
    <input ref=${input} type="file" multiple hidden accept=${acceptOf(limits)} aria-label=${label} onChange=${take} />`;
}

/** @param onGone called when a chip has gone with the button that had the focus */
export function Tray({ uploads, onGone }) {
  const { tray, limits } = uploads.value;
  const { uploads: list, isOver } = tray.value;
  const shared = { uploads: uploads.value, limits, onGone };
  const place = useRef(null);
  const last = list.at(-1)?.key; // what was added is seen, although a tray may be longer than its place
  useLayoutEffect(() => { if (place.current) place.current.scrollTop = place.current.scrollHeight; }, [last]);
  return list.length > 0 && html`<ul ref=${place} class="tray" aria-label=${gettext("Goes along")}>
      ${list.map((upload) => html`<${Chip} key=${upload.key} upload=${upload} ...${shared} />`)}</ul>
    ${isOver && html`<p class="tray-note" role="alert">${fill(gettext("At most %(count)s files go with one message."), { count: MAX_FILES })}</p>`}`;
}

function Chip({ upload, uploads, limits, onGone }) {
  const { key, name, state } = upload;
  const isWaiting = state === "queued" || state === "sending";
  const isWrong = state === "failed" || state === "refused";
  const remove = fill(isWaiting ? gettext("Stop uploading %(name)s") : gettext("Remove %(name)s"), { name });
  const leave = () => {
    uploads.remove(key);
    onGone();
  };
  const again = ({ currentTarget }) => {
    currentTarget.nextElementSibling.focus(); // this button goes
    uploads.retry(key);
  };
  return html`<li class="chip" data-state=${state}>
    <${Icon} name=${isWrong ? "alert" : state === "stored" ? "check" : "file"} />
    <span class="chip-text"><span class="chip-name" title=${name}>${name}</span>
      ${isWrong
        ? html`<span class="chip-state" role="alert">${reasonOf(upload, limits)}</span>`
        : html`<span class="chip-state">${stateOf(upload)}</span>`}
      ${isWaiting && html`<progress value=${upload.sent} max="1" aria-label=${fill(gettext("Uploading %(name)s"), { name })}></progress>`}
    </span>
    ${state === "failed" && html`<button type="button" class="link" onClick=${again}
      aria-label=${fill(gettext("Retry %(name)s"), { name })}>${gettext("Retry")}</button>`}
    <button type="button" class="tool quiet icon-button" title=${remove} aria-label=${remove} onClick=${leave}><${Icon} name="close" /></button>
  </li>`;
}

function stateOf({ state, sent, bytes }) {
  if (state === "queued") return gettext("Waiting");
  if (state === "stored") return sizeOf(bytes);
  return sent < 1 ? percentOf(sent) : gettext("Being checked…");
}

function reasonOf({ problem, reason }, { maxBytes, types }) {
  if (problem === "size") return fill(gettext("Too large: at most %(size)s."), { size: sizeOf(maxBytes) });
  if (problem === "type") return fill(gettext("Not taken. Possible are: %(types)s."), { types: types.join(", ") });
  return reason;
}
