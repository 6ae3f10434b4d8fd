/**
 * Writes browser/vendor: what the pages use of other people's, each as one file that is served as it stands.
 *
 * Versions and integrity come from package-lock.json, the bundler is the locked esbuild: the same lock gives the same
 * bytes. `node tools/vendor.mjs` writes; tests/js/vendor.test.js compares.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { patchModules } from "./vendor_patches.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const VENDOR = join(ROOT, "browser/vendor");

/** Each script: what it hands on, and the packages whose code it holds. */
const SCRIPTS = {
  "preact.js": {
    source: `
      export { Component, createRef, Fragment, h, options, render } from "preact";
      export { useEffect, useLayoutEffect, useRef } from "preact/hooks";
      export { batch, computed, effect, signal, untracked, useComputed, useSignal } from "@preact/signals";
      export { html } from "htm/preact";
    `,
    packages: ["preact", "@preact/signals", "@preact/signals-core", "htm"],
  },
  "emoji-picker.js": {
    source: `
      export { default as EmojiPicker } from "emoji-picker-element/picker.js";
      export { default as zhHans } from "emoji-picker-element/i18n/zh_CN.js";
    `,
    packages: ["emoji-picker-element"],
  },
};

/** Data that is served as it was published. */
const DATA = {
  "emoji-en.json": { path: "emoji-picker-element-data/en/emojibase/data.json", packages: ["emoji-picker-element-data"] },
  "emoji-zh-hans.json": { path: "emoji-picker-element-data/zh/emojibase/data.json", packages: ["emoji-picker-element-data"] },
};

/** The contents of every file of browser/vendor that is made here, by name. */
export async function makeFiles() {
  const locked = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  const made = {};
  const entries = {};
  const keep = (name, text, packages, more = {}) => {
    made[name] = text;
    entries[name] = {
      sha256: createHash("sha256").update(text).digest("hex"),
      ...more,
      packages: Object.fromEntries(packages.map((each) => [each, pick(locked[`node_modules/${each}`])])),
    };
  };
  const { version: esbuild } = locked["node_modules/esbuild"];
  for (const [name, { source, packages }] of Object.entries(SCRIPTS)) keep(name, await bundle(source), packages, { esbuild });
  for (const [name, { path, packages }] of Object.entries(DATA)) {
    keep(name, readFileSync(join(ROOT, "node_modules", path), "utf8"), packages);
  }
  made["LICENSES.md"] = gatherLicences(entries);
  made["vendor.json"] = `${JSON.stringify(entries, null, 2)}\n`;
  return made;
}

async function bundle(contents) {
  const result = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    legalComments: "none", // LICENSES.md has them whole
    plugins: [patchModules],
    write: false,
  });
  return result.outputFiles[0].text;
}

const pick = ({ version, integrity }) => ({ version, integrity });

function gatherLicences(entries) {
  const packages = Object.assign({}, ...Object.values(entries).map(({ packages: each }) => each));
  const parts = Object.entries(packages).map(([name, { version }]) => {
    const folder = join(ROOT, "node_modules", name);
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `## ${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return ["# Licences of what `tools/vendor.mjs` writes into this folder\n", ...parts].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, text] of Object.entries(await makeFiles())) {
    writeFileSync(join(VENDOR, name), text);
    console.log(`browser/vendor/${name}: ${Buffer.byteLength(text)} bytes`);
  }
}
