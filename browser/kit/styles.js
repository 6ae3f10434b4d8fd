/** A style sheet that is loaded when it is wanted. */

/** Resolves when it counts; also if it cannot be had, since a page can be used without. @param {string | URL} address */
export function loadStyles(address) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = String(address);
  const done = new Promise((resolve) => { link.onload = link.onerror = () => resolve(undefined); });
  document.head.append(link);
  return done;
}
