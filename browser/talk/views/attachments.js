/** The pictures and files of a message. A preview is shown; the whole file is a click away. */

import { html } from "../../kit/ui.js";
import { boxOf, formatBytes, isPicture, kindOf } from "../model/attachments.js";

export const Attachments = ({ list }) => html`<div class="attachments">${
  list.map((each) => (isPicture(each) ? html`<${Picture} key=${each.id} attachment=${each} />` : html`<${File} key=${each.id} attachment=${each} />`))}</div>`;

const Picture = ({ attachment }) => html`<a class="picture" href=${attachment.url} target="_blank" rel="noopener">
  <img src=${attachment.preview_url} ...${boxOf(attachment)} alt=${attachment.name} loading="lazy" decoding="async" /></a>`;

const File = ({ attachment }) => html`<a class="file" href=${attachment.url} download=${attachment.name}>
  <span class="file-kind" aria-hidden="true">${kindOf(attachment)}</span>
  <span class="file-text"><span class="file-name">${attachment.name}</span>
    <span class="file-size">${[kindOf(attachment), formatBytes(attachment.bytes, document.documentElement.lang || "en")].filter(Boolean).join(" · ")}</span></span></a>`;
