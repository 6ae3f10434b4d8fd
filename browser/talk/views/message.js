/** One message: who speaks, what, and below it when, or how far it is on its way. */

import { Icon } from "../../kit/icon.js";
import { formatClock } from "../../kit/time.js";
import { html, useComputed } from "../../kit/ui.js";
import { markOf } from "../model/receipts.js";
import { Attachments } from "./attachments.js";
import { Avatar } from "./avatar.js";
import { Content } from "./content.js";

/** @param talk what all messages share: isOwnSide, labelOf, onRetry, onEdit */
export function Message({ row: { entry: { message }, startsGroup }, talk }) {
  const { name, tag, face } = talk.labelOf(message);
  const state = message.id ? "stored" : message.state;
  const isOwn = talk.isOwnSide(message);
  const isGrowing = state === "growing";
  const { Said, Note } = talk.more.value;
  const Words = (message.role === "bot" && Said) || Bubble;
  const hasReceipts = message.role === talk.self.role && isOwn;
  const classes = ["message", `by-${message.role}`, isOwn && "own",
    startsGroup && "starts-group", isGrowing ? "growing" : !message.id && "pending", state === "failed" && "failed"];
  return html`<li class=${classes.filter(Boolean).join(" ")} data-id=${message.id} tabindex="-1"
      aria-busy=${isGrowing || null} aria-live=${isGrowing ? "off" : null}>
    <${Avatar} kind=${message.role} name=${name} face=${face} />
    <div class="body">
      <div class="who"><span class="name">${name}</span>${tag && html`<span class="tag">${tag}</span>`}</div>
      ${message.attachments?.length > 0 && html`<${Attachments} list=${message.attachments} />`}
      <${Words} message=${message} />
      ${Note && message.id && html`<${Note} message=${message} />`}
      <div class="foot" data-state=${state}>
        <time datetime=${message.created_at}>${whenOf(message)}</time>
        ${hasReceipts && html`<${Receipt} id=${message.id} receipt=${talk.receipt} />`}
        ${state === "waiting" && html`<${TakeBack} message=${message} talk=${talk} />`}
        ${state === "failed" && html`<${Failure} message=${message} talk=${talk} />`}
      </div>
    </div></li>`;
}

const Bubble = ({ message: { content } }) => html`<div class="bubble" dir="auto" hidden=${!content}><${Content} text=${content} /></div>`;

/** How far a stored message of one's own has come; one element for good, so that no change of it is read out. */
function Receipt({ id, receipt }) {
  const mark = useComputed(() => markOf(receipt.value, id)).value;
  const texts = { sent: gettext("Sent"), delivered: gettext("Delivered"), seen: gettext("Seen") };
  return html`<span class="receipt" data-mark=${id ? mark : null}>${id ? texts[mark] : ""}</span>`;
}

/** From sending to stored one element says it and only its text changes: nothing is added that would be read out. */
function whenOf({ id, state, created_at: at }) {
  if (id) return formatClock(at);
  if (state === "sending") return gettext("Sending…");
  if (state === "waiting") return gettext("Waiting to send");
  return state === "delayed" ? gettext("A lot at once: this is sent in a moment.") : "";
}

/** It goes out by itself; until then it is the writer's. */
const TakeBack = ({ message: { client_id: clientId }, talk }) => html`<button type="button" class="link"
  onClick=${() => talk.onEdit(clientId)}>${gettext("Take back")}</button>`;

const Failure = ({ message: { client_id: clientId, reason }, talk }) => html`<span class="failure">
  <${Icon} name="alert" /><span>${reason || gettext("Not sent.")}</span>
  <button type="button" class="link" onClick=${() => talk.onRetry(clientId)}>${gettext("Retry")}</button>
  <button type="button" class="link" onClick=${() => talk.onEdit(clientId)}>${gettext("Edit")}</button>
</span>`;
