/** Resolves imports as a page does: the folders under /static/ stand beside each other, on disk they do not. */

const ROOT = new URL("../../", import.meta.url).href;
const SERVED = /^(?:realtime|chatbot|workbench)\/static\/(?=(browser|realtime|chatbot|workbench)\/)/;

export async function resolve(specifier, context, next) {
  if (!specifier.startsWith(".") || !context.parentURL?.startsWith(ROOT)) return next(specifier, context);
  const path = new URL(specifier, context.parentURL).href.slice(ROOT.length);
  const [served] = SERVED.exec(path) ?? [""];
  const home = path.slice(served.length).split("/")[0];
  if (!served || served.startsWith(`${home}/`)) return next(specifier, context);
  const moved = (home === "browser" ? "" : `${home}/static/`) + path.slice(served.length);
  return next(new URL(moved, ROOT).href, context);
}
