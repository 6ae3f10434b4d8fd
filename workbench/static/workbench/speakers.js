/** Who says what in a conversation, for the agent who reads it. */

import { givenNameOf } from "./model/board.js";
import { noticeText } from "./notices.js";
import { nameOf } from "./views/customer.js";

/** @param session the conversation @param message of it @param {string} readerId the agent who reads it */
export function labelOf(session, { role, agent }, readerId) {
  if (role === "customer") return { name: nameOf(session), tag: null, isAnonymous: !givenNameOf(session) };
  if (role === "bot") return { name: gettext("Assistant"), tag: null };
  return { name: agent?.name ?? gettext("Agent"), tag: agent?.id === readerId ? gettext("You") : null };
}

/** What is written of a message where the conversation is copied or printed: {at, name, text}; a system line has no name. */
export function entryOf(session, message, readerId) {
  const isNotice = message.role === "system";
  return {
    at: message.created_at,
    name: isNotice ? "" : labelOf(session, message, readerId).name,
    text: isNotice ? noticeText(message, readerId) : message.content,
    files: (message.attachments ?? []).map(({ name }) => name),
  };
}
