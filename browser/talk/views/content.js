/** The text of a message: a quote, then text with links. All of it goes in as text. */

import { html } from "../../kit/ui.js";
import { readContent } from "../model/content.js";

export function Content({ text }) {
  const { quote, parts } = readContent(text);
  return html`${quote.length > 0 && html`<${Quote} lines=${quote} />`}${
    parts.map(({ text: part, href }) => (href ? html`<${Link} href=${href} text=${part} />` : part))}`;
}

/** The marks are there for who copies the text; what is drawn is a quote. */
const Quote = ({ lines }) => html`<blockquote class="quote">${
  lines.map((line) => [html`<span class="quote-mark">${"> "}</span>`, `${line.slice(2)}\n`])}</blockquote>`;

export const Link = ({ href, text }) =>
  html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow">${text}</a>`;
