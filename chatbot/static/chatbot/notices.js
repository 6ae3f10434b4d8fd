/** The system lines in the customer's words; one whose cause the page does not know is shown as it was stored. */

import { fill } from "../browser/kit/text.js";

const TEXTS = {
  asked: () => gettext("We have asked our team. You can keep writing while you wait."),
  gave_up: () => gettext("You are no longer waiting. The assistant is here again."),
  taken: () => gettext("%(agent)s has joined."),
  released: () => gettext("%(agent)s has left; the assistant is here again."),
  requeued: () => gettext("%(agent)s has handed the conversation back. You have your place in the queue back."),
  stranded: () => gettext("%(agent)s is no longer available. You have your place in the queue back."),
  transferred: () => gettext("Connecting you to %(agent)s."),
  silent: () => gettext("%(agent)s could not answer in time. We are looking for somebody else; you keep your place."),
  vanished: () => gettext("%(agent)s has lost the connection. We are looking for somebody else; you keep your place."),
  quiet: () => gettext("We have not heard from you, and have closed this conversation. Write again at any time to reopen it."),
  closed: () => gettext("This conversation has been closed. Write again at any time to reopen it."),
  ended: () => gettext("You have ended this conversation. Writing again reopens it."),
};

/** @param message {notice, agent, content} */
export function noticeText({ notice, agent, content }) {
  const text = TEXTS[notice]?.();
  if (!text || (text.includes("%(agent)s") && !agent)) return content;
  return fill(text, { agent: agent?.name ?? "" });
}
