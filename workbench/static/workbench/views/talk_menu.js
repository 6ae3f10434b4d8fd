/** The menu of the open conversation. What it does is loaded when it is wanted. */

import { byId } from "../../browser/kit/page.js";
import { Icon } from "../../browser/kit/icon.js";
import { html, render, signal } from "../../browser/kit/ui.js";

const COPIED_MS = 1500;
const COPY_TEXTS = {
  "": () => gettext("Copy the conversation"),
  busy: () => gettext("Copying…"),
  done: () => gettext("Copied"),
};

/** @param actions {copy, print}, which throw what went wrong @param onError called with it */
export function mountTalkMenu({ copy, print }, onError) {
  const copyState = signal("");
  const copyAll = async () => {
    copyState.value = "busy";
    try {
      await copy();
      copyState.value = "done";
      setTimeout(() => { copyState.value = ""; }, COPIED_MS);
    } catch (error) {
      copyState.value = "";
      onError(error);
    }
  };
  const printAll = async () => {
    byId("talk-menu").hidePopover();
    await print().catch(onError);
  };
  const Menu = () => html`
    ${navigator.clipboard && html`<button id="copy-talk" type="button" class="row-button" onClick=${copyAll}><${Icon} name="copy" />
      <span aria-live="polite">${COPY_TEXTS[copyState.value]()}</span></button>`}
    <button id="print-talk" type="button" class="row-button" onClick=${printAll}><${Icon} name="print" />${gettext("Print the conversation")}</button>`;
  render(html`<${Menu} />`, byId("talk-written"));
}
