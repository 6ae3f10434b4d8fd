// What preact.js hands on (tools/vendor.mjs); the packages are there where types are checked.

export { Component, createRef, Fragment, h, options, render } from "preact";
export { useEffect, useLayoutEffect, useRef } from "preact/hooks";
export { batch, computed, effect, signal, untracked, useComputed, useSignal } from "@preact/signals";
export { html } from "htm/preact";
