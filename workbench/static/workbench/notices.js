/** The system lines in the agent's words: who did it, the reader by "You". Else a line is shown as it was stored. */

import { fill } from "../browser/kit/text.js";

const OF_OTHERS = {
  asked: () => gettext("The customer asked for a human."),
  asked_absent: () => gettext("The customer asked for a human."),
  asked_closed: () => gettext("The customer asked for a human."),
  gave_up: () => gettext("The customer stopped waiting."),
  taken: () => gettext("%(agent)s took over."),
  released: () => gettext("%(agent)s handed the conversation back to the assistant."),
  requeued: () => gettext("%(agent)s handed the conversation back to the queue."),
  stranded: () => gettext("%(agent)s is no longer available: the conversation is back in the queue."),
  transferred: () => gettext("%(agent)s accepted the conversation."),
  silent: () => gettext("%(agent)s did not answer in time: the conversation is back in the queue."),
  vanished: () => gettext("%(agent)s had no page open for too long: the conversation is back in the queue."),
  reminded: () => gettext("The customer was asked whether they are still there."),
  quiet: () => gettext("The customer did not answer: the conversation was closed."),
  closed: () => gettext("%(agent)s closed the conversation."),
  ended: () => gettext("The customer ended the conversation."),
};

const OF_ONESELF = {
  taken: () => gettext("You took over."),
  released: () => gettext("You handed the conversation back to the assistant."),
  requeued: () => gettext("You handed the conversation back to the queue."),
  transferred: () => gettext("You accepted the conversation."),
  closed: () => gettext("You closed the conversation."),
};

/** @param message {notice, agent, content} @param {string} readerId the agent who reads it */
export function noticeText({ notice, agent, content }, readerId) {
  const texts = agent?.id === readerId && OF_ONESELF[notice] ? OF_ONESELF : OF_OTHERS;
  const text = texts[notice]?.();
  if (!text || (text.includes("%(agent)s") && !agent)) return content;
  return fill(text, { agent: agent?.name ?? "" });
}
