/**
 * What is changed in other people's modules before they are bundled, and why. A place that is not found exactly once
 * ends the run: then a new version has changed it, and the reason has to be looked at again.
 */

import { readFileSync } from "node:fs";

/** By module: [what stands there, what is put in its place]. */
const PATCHES = {
  // The content security policy lets no <style> and no style attribute in; what a script sets is not meant by it.
  "emoji-picker-element/picker.js": [
    [
      `    const style = document.createElement('style');
    style.textContent = baseStyles + EXTRA_STYLES;
    this.shadowRoot.appendChild(style);`,
      `    const sheet = new CSSStyleSheet();
    sheet.replaceSync(baseStyles + EXTRA_STYLES);
    this.shadowRoot.adoptedStyleSheets = [sheet];`,
    ],
    [
      `        targetNode.setAttribute(attributeName, newValue);`,
      `        if (attributeName === 'style') targetNode.style.cssText = newValue;
        else targetNode.setAttribute(attributeName, newValue);`,
    ],
    // Without a source of its own it would ask a stranger's server: the pages name theirs.
    [`'https://cdn.jsdelivr.net/npm/emoji-picker-element-data@^1/en/emojibase/data.json'`, `''`],
  ],
  "emoji-picker-element/database.js": [
    [`'https://cdn.jsdelivr.net/npm/emoji-picker-element-data@^1/en/emojibase/data.json'`, `''`],
  ],
};

/** A plugin of esbuild. */
export const patchModules = {
  name: "patch-modules",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]emoji-picker-element[\\/](picker|database)\.js$/ }, ({ path }) => {
      const name = Object.keys(PATCHES).find((each) => path.replaceAll("\\", "/").endsWith(each));
      return { contents: PATCHES[name].reduce((text, patch) => apply(text, patch, name), readFileSync(path, "utf8")), loader: "js" };
    });
  },
};

function apply(text, [before, after], name) {
  const parts = text.split(before);
  if (parts.length !== 2) throw new Error(`${name}: found ${parts.length - 1} times: ${before}`);
  return parts.join(after);
}
