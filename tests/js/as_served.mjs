/** Loaded before every test in node: imports as /static/ serves them, and what a page gives its modules. */

import { webcrypto } from "node:crypto";
import { register } from "node:module";

register("./served_paths.mjs", import.meta.url);

globalThis.crypto ??= webcrypto; // node 18
globalThis.gettext = (text) => text;
globalThis.ngettext = (singular, plural, count) => (count === 1 ? singular : plural);
globalThis.interpolate = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

/** A localStorage without a browser: Object.keys() of it are the keys, as in one. */
export function makeStorage(items = {}) {
  const storage = { ...items };
  const methods = {
    getItem: (key) => (Object.hasOwn(storage, key) ? storage[key] : null),
    setItem: (key, value) => { storage[key] = String(value); },
    removeItem: (key) => { delete storage[key]; },
  };
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(storage, name, { value });
  return storage;
}
