/** One message: who speaks, what, and below it when, or how far it is on its way. */

import { Icon } from "../../kit/icon.js";
import { formatClock } from "../../kit/time.js";
import { html } from "../../kit/ui.js";
import { Avatar } from "./avatar.js";

/** @param talk what all messages share: isOwnSide, labelOf, onRetry, onEdit */
export function Message({ row: { entry: { message }, startsGroup }, talk }) {
  const { name, tag, isAnonymous } = talk.labelOf(message);
  const state = message.id ? "stored" : message.state;
  const classes = ["message", `by-${message.role}`, (!message.id || talk.isOwnSide(message)) && "own",
    startsGroup && "starts-group", !message.id && "pending", state === "failed" && "failed"];
  return html`<li class=${classes.filter(Boolean).join(" ")}>
    <${Avatar} kind=${message.role} name=${isAnonymous ? "" : name} />
    <div class="body">
      <div class="who"><span class="name">${name}</span>${tag && html`<span class="tag">${tag}</span>`}</div>
      <div class="bubble" dir="auto">${message.content}</div>
      <div class="foot" data-state=${state}>
        <time datetime=${message.created_at}>${whenOf(message)}</time>
        ${state === "failed" && html`<${Failure} message=${message} talk=${talk} />`}
      </div>
    </div></li>`;
}

/** From sending to stored one element says it and only its text changes: nothing is added that would be read out. */
function whenOf({ id, state, created_at: at }) {
  if (id) return formatClock(at);
  if (state === "sending") return gettext("Sending…");
  return state === "delayed" ? gettext("A lot at once: this is sent in a moment.") : "";
}

const Failure = ({ message: { client_id: clientId, reason }, talk }) => html`<span class="failure">
  <${Icon} name="alert" /><span>${reason || gettext("Not sent.")}</span>
  <button type="button" class="link" onClick=${() => talk.onRetry(clientId)}>${gettext("Retry")}</button>
  <button type="button" class="link" onClick=${() => talk.onEdit(clientId)}>${gettext("Edit")}</button>
</span>`;
