/** The keyboard of a phone covers the page where the browser does not resize it (iOS): the page is as high as is seen. */

export function fitAboveKeyboard() {
  const seen = window.visualViewport;
  if (!seen) return;
  const fit = () => {
    const isCovered = window.innerHeight - seen.height > 1 && seen.scale === 1; // not where somebody zooms in
    document.body.style.setProperty("--seen-height", isCovered ? `${seen.height}px` : "100dvh");
    if (isCovered) window.scrollTo(0, 0);
  };
  seen.addEventListener("resize", fit);
}
