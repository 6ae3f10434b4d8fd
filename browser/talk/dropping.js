/** Files that are dropped on a conversation, or pasted where it is written. */

/** @param place where files may be dropped @param textBox where they may be pasted
 * @param take called with the files; returns nothing @param isOpen tells whether files are taken at the moment */
export function watchFiles(place, textBox, take, isOpen) {
  let depth = 0; // entering a child leaves its parent
  const show = () => place.classList.toggle("is-drop", depth > 0 && isOpen());
  const on = (type, act) => place.addEventListener(type, (event) => hasFiles(event) && act(event));
  on("dragenter", () => { depth += 1; show(); });
  on("dragleave", () => { depth = Math.max(0, depth - 1); show(); });
  on("drop", (event) => {
    depth = 0;
    show();
    if (isOpen()) take(event.dataTransfer.files);
  });
  // A file that misses the place would be opened by the browser, in place of the page.
  for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => hasFiles(event) && event.preventDefault());
  textBox.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    if (files.length === 0 || types.includes("text/plain")) return; // a cell of a table comes as a picture, too
    event.preventDefault();
    take(files);
  });
}

const hasFiles = ({ dataTransfer }) => Boolean(dataTransfer?.types.includes("Files"));
