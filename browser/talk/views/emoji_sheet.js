/** The emoji picker in a sheet above the composer. Its data are kept by the browser (IndexedDB), by language. */

import { EmojiPicker, zhHans } from "../../vendor/emoji-picker.js";

const LANGUAGE = document.documentElement.lang.startsWith("zh") ? "zh-hans" : "en";
const WORDS = LANGUAGE === "zh-hans" ? { i18n: zhHans } : {};

export class EmojiSheet {
  #sheet = document.createElement("div");
  #picker = new EmojiPicker({
    locale: LANGUAGE,
    dataSource: new URL(`../../vendor/emoji-${LANGUAGE}.json`, import.meta.url).href,
    ...WORDS,
  });

  /** @param place where it goes into the page @param options {onPick, onLeave} of the button */
  constructor(place, { onPick, onLeave }) {
    const sheet = this.#sheet;
    sheet.className = "emoji-sheet";
    sheet.popover = "auto";
    sheet.setAttribute("role", "dialog");
    sheet.setAttribute("aria-label", gettext("Emoji"));
    sheet.append(this.#picker);
    this.#picker.addEventListener("emoji-click", ({ detail }) => {
      sheet.hidePopover();
      onPick(detail.unicode);
    });
    let hadFocus = false;
    sheet.addEventListener("beforetoggle", () => { hadFocus = sheet.contains(document.activeElement); });
    sheet.addEventListener("toggle", ({ newState }) => newState === "closed" && hadFocus && onLeave());
    place.append(sheet);
  }

  /** Open or close it. @param button that it stands at */
  toggle(button) {
    const isOpen = this.#sheet.togglePopover({ source: button });
    if (isOpen) this.#picker.shadowRoot.querySelector("[type=search]").focus();
  }
}
