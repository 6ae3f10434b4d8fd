/** The round sign of a speaker: initials, or an icon for the assistant and for customers who gave no name. */

import { Icon } from "../../kit/icon.js";
import { initials } from "../../kit/text.js";
import { html } from "../../kit/ui.js";

export const Avatar = ({ kind, name }) => html`<span class=${`avatar by-${kind}`} aria-hidden="true">${face(kind, name)}</span>`;

function face(kind, name) {
  if (kind === "bot") return html`<${Icon} name="bot" />`;
  return name ? initials(name) : html`<${Icon} name="user" />`;
}
