/** A dialog that asks something, and stays open with the error where the answer is refused. */

import { byId } from "../../browser/kit/page.js";
import { render, signal } from "../../browser/kit/ui.js";

/**
 * Open the dialog with this id.
 * @param state signals of what is chosen in it; it gets `isBusy`, `error` and `close` beside them
 * @param draw gives what is in it, from the state and what to call with the answer @param act called with the answer; a promise
 */
export function openDialog(id, state, draw, act) {
  const element = byId(id);
  const dialog = { ...state, isBusy: signal(false), error: signal(""), close: () => element.close() };
  const onAnswer = async (answer) => {
    dialog.isBusy.value = true;
    try {
      await act(answer);
      element.close();
    } catch (error) {
      dialog.error.value = error.message;
    } finally {
      dialog.isBusy.value = false;
    }
  };
  render(null, element);
  render(draw(dialog, onAnswer), element);
  element.showModal();
}
