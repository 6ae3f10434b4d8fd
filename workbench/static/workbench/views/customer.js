/** What a customer is called and looks like in every list. */

import { html } from "../../browser/kit/ui.js";
import { fill, initials } from "../../browser/kit/text.js";
import { givenNameOf } from "../model/board.js";
import { hueOf } from "../model/rows.js";

const CODE_LENGTH = 4; // of the session's name: tells visitors apart who gave no name
const LANGUAGES = { en: "EN", "zh-hans": "中" };

/** From low to urgent. */
export const PRIORITIES = {
  low: () => gettext("Low"), normal: () => gettext("Normal"), high: () => gettext("High"), urgent: () => gettext("Urgent"),
};

/** How urgent a conversation is, where it is more than usual. */
export const Urgency = ({ priority }) => (priority === "high" || priority === "urgent"
  ? html`<span class=${`urgency is-${priority}`}>${PRIORITIES[priority]()}</span>` : null);

const codeOf = (session) => (session?.session_name ?? "").slice(-CODE_LENGTH).toUpperCase();

/** The name that the customer gave, else one that tells visitors apart. */
export const nameOf = (session) => givenNameOf(session) || fill(gettext("Visitor %(code)s"), { code: codeOf(session) });

/** Two letters: of the name, else of what tells visitors apart. */
export const lettersOf = (session) => (givenNameOf(session) ? initials(givenNameOf(session)) : codeOf(session).slice(0, 2));

export const faceClass = (session) => `avatar av-${hueOf(session.session_name)}${session.customer_online ? " is-here" : ""}`;

export const Face = ({ session, size = "" }) =>
  html`<span class=${`${faceClass(session)} ${size}`} aria-hidden="true">${lettersOf(session)}</span>`;

/** The language that the customer writes, as a chip; its name for who does not see it. */
export const Language = ({ code }) => {
  if (!LANGUAGES[code]) return null;
  const name = code === "en" ? gettext("English") : gettext("Chinese");
  return html`<span class="lang" title=${name}><span aria-hidden="true">${LANGUAGES[code]}</span><span class="sr-only">${name}</span></span>`;
};
