/** Where a message is written: grows with the text, Enter sends, Shift+Enter makes a line, says when it is too long. */

import { fill } from "../kit/text.js";
import { effect, html, render, signal } from "../kit/ui.js";
import { watchFiles } from "./dropping.js";
import { quote, readContent } from "./model/content.js";
import { mountEmojiButton } from "./views/emoji_button.js";
import { AttachButton, Tray } from "./views/uploads.js";

const WARN_LEFT = 400;
const MAX_HEIGHT_PX = 168;

export class Composer {
  #form;
  #text;
  #counter;
  #submit;
  #maxLength;
  #onTyping;
  #onInput;
  #uploads;

  /**
   * @param form holds a <textarea>, a submit button, a [data-counter], a [data-tray], a [data-attach] and a [data-emoji]
   * @param uploads the Uploads of the conversation that is open
   * @param dropPlace where files may be dropped
   * @param onSend called with the text and the attachments of a message
   * @param onError called with what went wrong
   * @param onTyping called with the text at every input, and with "" when it was sent or the text box is left
   */
  constructor(form, { maxLength, uploads, dropPlace, onSend, onError, onInput = () => {}, onTyping = () => {} }) {
    this.#onTyping = onTyping;
    this.#onInput = onInput;
    this.#form = form;
    this.#text = form.querySelector("textarea");
    this.#counter = form.querySelector("[data-counter]");
    this.#submit = form.querySelector("[type=submit]");
    this.#maxLength = maxLength;
    this.#uploads = signal(uploads);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(onSend);
    });
    this.#text.addEventListener("input", () => {
      this.#update();
      onInput(this.#text.value);
      onTyping(this.#text.value);
    });
    this.#text.addEventListener("blur", () => onTyping(""));
    this.#text.addEventListener("keydown", (event) => {
      // while an input method composes (Chinese), Enter picks a candidate
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      form.requestSubmit();
    });
    this.#mountUploads(dropPlace);
    mountEmojiButton(form.querySelector("[data-emoji]"), {
      onPick: (emoji) => this.insert(emoji), onLeave: () => this.focus(), onError,
    });
    effect(() => this.#update());
  }

  get uploads() {
    return this.#uploads.peek();
  }

  /** Another conversation is open. */
  set uploads(uploads) {
    this.#uploads.value = uploads;
  }

  get value() {
    return this.#text.value;
  }

  set value(text) {
    this.#text.value = text;
    this.#update();
  }

  focus() {
    this.#text.focus({ preventScroll: true });
  }

  /** Put this where the caret is, in the place of what is marked: as if it were typed, so that it can be undone. */
  insert(text) {
    this.focus();
    if (document.execCommand("insertText", false, text)) return;
    const { selectionStart, selectionEnd } = this.#text;
    this.#text.setRangeText(text, selectionStart, selectionEnd, "end");
    this.#text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Put a quote of a message before what is written, in the place of an earlier one. */
  quote(text) {
    const own = readContent(`${this.value}\n.`).parts.map((part) => part.text).join("").slice(0, -2);
    this.value = quote(text) + own;
    this.#onInput(this.value);
    this.focus();
    this.#text.setSelectionRange(this.value.length, this.value.length);
  }

  setEnabled(isEnabled) {
    this.#text.disabled = !isEnabled;
    this.#update();
  }

  #send(onSend) {
    const content = this.#text.value.trim();
    const { isBusy, stored } = this.uploads;
    if (isBusy || (!content && stored.length === 0) || this.#isTooLong()) return;
    this.value = "";
    this.#onTyping("");
    onSend(content, this.uploads.takeOut());
  }

  #mountUploads(dropPlace) {
    const uploads = this.#uploads;
    const [tray, attach] = ["[data-tray]", "[data-attach]"].map((part) => this.#form.querySelector(part));
    render(html`<${Tray} uploads=${uploads} onGone=${() => this.focus()} />`, tray);
    render(html`<${AttachButton} uploads=${uploads} />`, attach);
    const isOpen = () => !this.#form.hidden && !this.#text.disabled;
    watchFiles(dropPlace, this.#text, (files) => this.uploads.add(files), isOpen);
  }

  #isTooLong() {
    return [...this.#text.value.trim()].length > this.#maxLength;
  }

  #update() {
    const left = this.#maxLength - [...this.#text.value.trim()].length;
    this.#counter.hidden = left > WARN_LEFT;
    this.#counter.classList.toggle("over", left < 0);
    this.#counter.textContent = left >= 0
      ? fill(ngettext("%(left)s character left", "%(left)s characters left", left), { left })
      : fill(ngettext("%(over)s character too many", "%(over)s characters too many", -left), { over: -left });
    const { isBusy, stored } = this.#uploads.value;
    const isEmpty = left === this.#maxLength && stored.length === 0;
    this.#submit.disabled = this.#text.disabled || isBusy || isEmpty || left < 0;
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(MAX_HEIGHT_PX, this.#text.scrollHeight + 2)}px`;
    this.#form.classList.toggle("tall", this.#text.scrollHeight > MAX_HEIGHT_PX);
  }
}
