/** A question that a <dialog> of the page asks: its buttons carry `data-answer`. */

/** Resolves to the answer; "no" where the dialog is closed without one. */
export function ask(dialog) {
  return new Promise((resolve) => {
    dialog.onclick = ({ target }) => {
      const { answer } = target.closest("[data-answer]")?.dataset ?? {};
      if (answer) dialog.close(answer);
    };
    dialog.onclose = () => resolve(dialog.returnValue);
    dialog.returnValue = "no";
    dialog.showModal();
  });
}
