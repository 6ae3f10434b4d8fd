/** Who says what in a conversation, for the agent who reads it. */

import { hueOf } from "./model/rows.js";
import { noticeText } from "./notices.js";
import { lettersOf, nameOf } from "./views/customer.js";

/** The same as in the lists. */
const faceOf = (session) => ({ letters: lettersOf(session), className: `av-${hueOf(session.session_name)}` });

/** @param session the conversation @param message of it @param {string} readerId the agent who reads it */
export function labelOf(session, { role, agent }, readerId) {
  if (role === "customer") return { name: nameOf(session), tag: null, face: faceOf(session) };
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
