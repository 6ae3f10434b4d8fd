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

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const VENDOR = join(ROOT, "browser/vendor");

/** Each file: what it hands on, and the packages whose code it holds. */
const FILES = {
  "preact.js": {
    source: `
      export { Component, createRef, Fragment, h, options, render } from "preact";
      export { useEffect, useLayoutEffect, useRef } from "preact/hooks";
      export { batch, computed, effect, signal, untracked, useComputed, useSignal } from "@preact/signals";
      export { html } from "htm/preact";
    `,
    packages: ["preact", "@preact/signals", "@preact/signals-core", "htm"],
  },
};

/** The contents of every file of browser/vendor that is made here, by name. */
export async function makeFiles() {
  const locked = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  const made = {};
  const entries = {};
  for (const [name, { source, packages }] of Object.entries(FILES)) {
    made[name] = await bundle(source);
    entries[name] = {
      sha256: createHash("sha256").update(made[name]).digest("hex"),
      esbuild: locked["node_modules/esbuild"].version,
      packages: Object.fromEntries(packages.map((each) => [each, pick(locked[`node_modules/${each}`])])),
    };
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
