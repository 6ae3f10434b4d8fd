/** The button for emoji, where a mouse is used: keyboards on a screen have them. The picker is loaded when it is opened. */

import { unreachable } from "../../net/http.js";
import { Icon } from "../../kit/icon.js";
import { html, render } from "../../kit/ui.js";

const HAS_MOUSE = "(hover: hover) and (pointer: fine)";

/** @param place of the composer @param options.onPick called with an emoji @param options.onLeave called when the picker is
 * closed with the focus in it @param options.onError called if it cannot be loaded */
export function mountEmojiButton(place, { onPick, onLeave, onError }) {
  if (!matchMedia(HAS_MOUSE).matches) return;
  let sheet = null;
  const toggle = async ({ currentTarget }) => {
    try {
      const { EmojiSheet } = await import("./emoji_sheet.js");
      sheet ??= new EmojiSheet(place, { onPick, onLeave });
      sheet.toggle(currentTarget);
    } catch {
      onError(unreachable());
    }
  };
  const label = gettext("Emoji");
  render(html`<button type="button" class="tool quiet icon-button" title=${label} aria-label=${label} aria-haspopup="dialog"
    onClick=${toggle}><${Icon} name="smile" /></button>`, place);
}
