/**
 * What can be done with a message: reply with a quote, copy. One bar for all of them, outside the log.
 *
 * It stands at the message under the pointer, or at the one that a key has chosen: Enter in the log chooses the last,
 * the arrows another one, Tab goes on to the bar, Escape back to the log.
 */

import { Icon } from "../../kit/icon.js";
import { html, signal } from "../../kit/ui.js";

const COPIED_MS = 1500;
const CHOOSABLE = ".message[data-id]";

export class MessageActions {
  place = signal(null); // {top, id} of the message that it stands at
  isCopied = signal(false);
  #list;

  /** @param list the <ol> of the messages */
  constructor(list) {
    this.#list = list;
    const log = list.parentElement;
    log.addEventListener("pointerover", ({ target }) => this.#standAt(target.closest(CHOOSABLE)));
    log.addEventListener("click", ({ target }) => this.#standAt(target.closest(CHOOSABLE)));
    log.addEventListener("focusin", ({ target }) => this.#standAt(target.closest(CHOOSABLE)));
    log.parentElement.addEventListener("pointerleave", () => this.#leave());
    log.addEventListener("scroll", () => { this.place.value = null; }, { passive: true });
    log.addEventListener("keydown", (event) => this.#choose(event));
  }

  #standAt(row) {
    const line = row?.querySelector(".bubble");
    if (!line) return;
    const top = line.getBoundingClientRect().top - this.#list.parentElement.parentElement.getBoundingClientRect().top;
    this.place.value = { id: Number(row.dataset.id), top: Math.max(0, top - 14), isOwn: row.classList.contains("own") };
    this.isCopied.value = false;
  }

  #leave() {
    const hasFocus = document.activeElement?.closest(`.message-actions, ${CHOOSABLE}`);
    if (!hasFocus) this.place.value = null;
  }

  #choose(event) {
    const chosen = event.target.closest(CHOOSABLE);
    const rows = () => [...this.#list.querySelectorAll(CHOOSABLE)];
    let next = null;
    if (event.key === "Enter" && event.target === this.#list.parentElement) next = rows().at(-1);
    else if (event.key === "Escape" && chosen) next = this.#list.parentElement;
    else if (event.target === chosen && event.key === "ArrowUp") next = rows()[rows().indexOf(chosen) - 1];
    else if (event.target === chosen && event.key === "ArrowDown") next = rows()[rows().indexOf(chosen) + 1];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  async copy(text) {
    await navigator.clipboard.writeText(text);
    this.isCopied.value = true;
    setTimeout(() => { this.isCopied.value = false; }, COPIED_MS);
  }
}

/** @param contentOf gives the text of a message by its id @param onReply called with it; without it there is no button */
export function ActionBar({ actions, contentOf, onReply }) {
  const place = actions.place.value;
  const text = place && contentOf(place.id);
  const copyLabel = actions.isCopied.value ? gettext("Copied") : gettext("Copy");
  return html`<div class=${`message-actions${place?.isOwn ? " own" : ""}`} role="toolbar" aria-label=${gettext("Message")}
      hidden=${!text} style=${{ top: `${place?.top ?? 0}px` }}>
    ${onReply && html`<button type="button" class="quiet" onClick=${() => onReply(text)}>${gettext("Reply")}</button>`}
    ${navigator.clipboard && html`<button type="button" class="quiet" onClick=${() => actions.copy(text)}>
      <${Icon} name="copy" />${copyLabel}</button>`}
  </div>`;
}
