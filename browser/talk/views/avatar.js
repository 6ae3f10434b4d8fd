/** The round sign of a speaker: a face that the page gives {letters, className}, initials, or an icon. */

import { Icon } from "../../kit/icon.js";
import { initials } from "../../kit/text.js";
import { html } from "../../kit/ui.js";

export const Avatar = ({ kind, name, face }) => html`<span class=${`avatar by-${kind} ${face?.className ?? ""}`} aria-hidden="true">${
  face?.letters ?? signOf(kind, name)}</span>`;

function signOf(kind, name) {
  if (kind === "bot") return html`<${Icon} name="bot" />`;
  return name ? initials(name) : html`<${Icon} name="user" />`;
}
