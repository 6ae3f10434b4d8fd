/** The bot's messages: their words, and what belongs to them: whence it comes, what might have been meant, what can be done. */

import { Icon } from "../../kit/icon.js";
import { fill } from "../../kit/text.js";
import { html, useComputed } from "../../kit/ui.js";
import { isAddress, questionBefore, tellingSources } from "../model/reply.js";
import { Content } from "./content.js";

/** The view of a bot's message in the transcript; without `acts`, for who only reads along, nothing of it can be pressed.
 * @param Words the view of its words, as {text, stream, isGrowing}
 * @param acts {canSuggest(message), suggest(text), canAskForHuman(), isAsking(), askForHuman(), helpfulOf(message),
 *   tellHelpful(message, isHelpful)}; those that answer something read signals */
export function makeSaid(transcript, Words = Content, acts = null) {
  return function Said({ message }) {
    const { content, sources = [], suggestions = [], offer_human: offersHuman, ending } = message;
    const isPlain = sources.length + suggestions.length === 0 && !offersHuman && !ending;
    const told = sources.length > 0 ? tellingSources(sources, content, questionBefore(transcript.entries, message.id)) : [];
    return html`<div class="said">
      <div class="bubble" dir="auto"><${Words} text=${content} stream=${message.client_id} isGrowing=${!message.id} /></div>
      ${!isPlain && html`<div class="reply">
        ${suggestions.length > 0 && html`<${Suggestions} message=${message} acts=${acts} />`}
        ${offersHuman && acts && html`<${ToHuman} acts=${acts} />`}
        ${sources.length > 0 && html`<div class="reply-end"><${Sources} list=${told} />
          ${acts ? html`<${Helpful} message=${message} acts=${acts} />` : html`<${Opinion} message=${message} />`}</div>`}
        ${ending && html`<p class="ending">${endings[ending]?.()}</p>`}
      </div>`}</div>`;
  };
}

const endings = {
  stopped: () => gettext("Stopped"),
  interrupted: () => gettext("Interrupted. The answer begins again."),
};

const Sources = ({ list }) => list.length > 0 && html`<ul class="sources" aria-label=${gettext("Sources")}>
  ${list.map(({ title, url, number }) => html`<li>${number ? `[${number}]` : gettext("Source:")} ${isAddress(url)
    ? html`<a href=${url} target="_blank" rel="noopener noreferrer nofollow">${title || url}</a>` : title}</li>`)}</ul>`;

/** "Did you mean": a click asks the question. What was asked before is over, and only read. */
function Suggestions({ message, acts }) {
  const isOpen = useComputed(() => acts?.canSuggest(message) ?? false).value;
  return html`<ul class="suggestions">${message.suggestions.map((text) => html`<li>${acts
    ? html`<button type="button" class="button meant" disabled=${!isOpen} onClick=${() => acts.suggest(text)}>${text}</button>`
    : text}</li>`)}</ul>`;
}

function ToHuman({ acts }) {
  const isAsking = useComputed(() => acts.isAsking()).value;
  const isPossible = useComputed(() => acts.canAskForHuman()).value;
  return html`<button type="button" class="button to-human" aria-busy=${isAsking} disabled=${!isPossible || isAsking}
    onClick=${() => acts.askForHuman()}><${Icon} name="headset" />${gettext("Talk to a human")}</button>`;
}

/** Drawn here and not in icons.svg: only a page with an answer needs them. */
const Thumb = ({ isUp }) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path transform=${isUp ? null : "rotate(180 12 12)"}
  d="M7.500 11v8.500H5A1.500 1.500 0 0 1 3.500 18v-5.500A1.500 1.500 0 0 1 5 11zM7.500 11l3.500-7a2.200 2.200 0 0 1 2.200 2.600L12.700 9.500h5.800a2 2 0 0 1 2 2.400l-1.200 6a2 2 0 0 1-2 1.600H7.500" /></svg>`;

function Helpful({ message, acts }) {
  const told = useComputed(() => acts.helpfulOf(message)).value;
  const thumb = (isUp, label) => html`<button type="button" class="tool thumb" title=${label} aria-label=${label}
    aria-pressed=${told === isUp} onClick=${() => acts.tellHelpful(message, isUp)}><${Thumb} isUp=${isUp} /></button>`;
  return html`<div class="helpful" role="group" aria-label=${gettext("Was this helpful?")}>
    <span class="thanks" role="status">${told === null ? "" : gettext("Thank you.")}</span>
    ${thumb(true, gettext("Helpful"))}${thumb(false, gettext("Not helpful"))}</div>`;
}

const Opinion = ({ message: { helpful } }) => typeof helpful === "boolean" && html`<span class="opinion">${
  fill(gettext("Customer: %(opinion)s"), { opinion: helpful ? gettext("helpful") : gettext("not helpful") })}</span>`;
