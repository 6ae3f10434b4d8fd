/** An icon of kit/icons.svg as a component. */

import { html } from "./ui.js";

const ICONS_URL = new URL("icons.svg", import.meta.url).href;

export const Icon = ({ name }) => html`<svg class="icon" aria-hidden="true"><use href=${`${ICONS_URL}#${name}`} /></svg>`;
