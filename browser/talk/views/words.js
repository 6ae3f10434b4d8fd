/** The words of the bot: they come piece by piece, and what stands there stays, with the reader's selection in it. */

import { html, useComputed, useRef } from "../../kit/ui.js";
import { findLinks } from "../model/content.js";
import { settle } from "../model/reply.js";
import { Content, Link } from "./content.js";

/** @param textOf gives what there is of a stream so far; reads a signal */
export function makeWords(textOf) {
  return function Words({ text, stream, isGrowing }) {
    const grown = useRef({ parts: [], text: "" }).current;
    const soFar = useComputed(() => textOf(stream)).value;
    if (isGrowing) return grow(grown, soFar).map(draw);
    const hasGrown = grown.text !== "" && text.startsWith(grown.text);
    return hasGrown ? finish(grown, text).map(draw) : html`<${Content} text=${text} />`;
  };
}

/** Take what is new of a text that only grows; a part is made once. Returns the parts of all of it. */
function grow(grown, text) {
  const [stays, rest] = settle(text.slice(grown.text.length));
  take(grown, stays);
  return rest ? [...grown.parts, { text: rest, href: null }] : grown.parts;
}

function finish(grown, text) {
  take(grown, text.slice(grown.text.length));
  return grown.parts;
}

function take(grown, fresh) {
  if (!fresh) return;
  grown.parts = [...grown.parts, ...findLinks(fresh)];
  grown.text += fresh;
}

const draw = ({ text, href }) => (href ? html`<${Link} href=${href} text=${text} />` : text);
