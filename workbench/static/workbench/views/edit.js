/** The dialog in which an agent notes who a customer is, how urgent a conversation is, and its labels. */

import { fill } from "../../browser/kit/text.js";
import { html, signal } from "../../browser/kit/ui.js";
import { nameOf, PRIORITIES } from "./customer.js";
import { openDialog } from "./dialog.js";

const MAX_LABEL_LENGTH = 40;

/** What differs from the session, as the body of the call. */
function changesOf({ customer = {}, priority, labels = [] }, given) {
  const fields = ["name", "email", "phone"].filter((field) => given[field] !== (customer?.[field] ?? ""));
  return {
    ...(fields.length ? { customer: Object.fromEntries(fields.map((field) => [field, given[field]])) } : {}),
    ...(given.priority === priority ? {} : { priority: given.priority }),
    ...(given.labels.join("\n") === labels.join("\n") ? {} : { labels: given.labels }),
  };
}

const Field = ({ name, label, type, value, max }) => html`<div><label for=${`edit-${name}`}>${label}</label>
  <input id=${`edit-${name}`} name=${name} type=${type} defaultValue=${value ?? ""} maxlength=${max} autocomplete="off" /></div>`;

function Labels({ known, chosen }) {
  const toggle = (label) => {
    chosen.value = chosen.value.includes(label) ? chosen.value.filter((each) => each !== label) : [...chosen.value, label];
  };
  const add = (input) => {
    const label = input.value.trim();
    if (label && !chosen.value.includes(label)) chosen.value = [...chosen.value, label];
    input.value = "";
  };
  const onKeyDown = (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    add(event.currentTarget);
  };
  const all = [...new Set([...known, ...chosen.value])];
  return html`<fieldset><legend>${gettext("Labels")}</legend>
    <div class="labels">${all.map((label) => html`<button key=${label} type="button" class="label" aria-pressed=${chosen.value.includes(label) ? "true" : "false"}
      onClick=${() => toggle(label)}>${label}</button>`)}</div>
    <input id="edit-label" aria-label=${gettext("New label")} placeholder=${gettext("New label, then Enter")} maxlength=${MAX_LABEL_LENGTH} autocomplete="off"
      onKeyDown=${onKeyDown} onBlur=${({ currentTarget }) => add(currentTarget)} /></fieldset>`;
}

function Form({ session, known, dialog, onSave }) {
  const { chosen, isBusy, error } = dialog;
  const { customer } = session;
  const submit = (event) => {
    event.preventDefault();
    const { name, email, phone, priority } = Object.fromEntries(new FormData(event.currentTarget));
    onSave(changesOf(session, { name: name.trim(), email: email.trim(), phone: phone.trim(), priority, labels: chosen.value }));
  };
  return html`<form class="edit" onSubmit=${submit}>
    <h2 id="edit-title">${fill(gettext("Edit %(customer)s"), { customer: nameOf(session) })}</h2>
    <${Field} name="name" label=${gettext("Name")} type="text" value=${customer?.name} max="100" />
    <${Field} name="email" label=${gettext("Email")} type="email" value=${customer?.email} max="254" />
    <${Field} name="phone" label=${gettext("Phone")} type="tel" value=${customer?.phone} max="40" />
    <div><label for="edit-priority">${gettext("Priority")}</label>
      <select id="edit-priority" name="priority">${Object.entries(PRIORITIES).map(([value, text]) => html`
        <option key=${value} value=${value} selected=${value === session.priority}>${text()}</option>`)}</select></div>
    <${Labels} known=${known} chosen=${chosen} />
    <p class="error-text" role="alert">${error}</p>
    <footer><button type="button" class="line-button" onClick=${dialog.close}>${gettext("Cancel")}</button>
      <button type="submit" class="primary" disabled=${isBusy.value}>${gettext("Save")}</button></footer>
  </form>`;
}

/** Ask in a dialog. @param known the labels to choose from @param save called with what is changed, if anything is; a promise */
export const askForEdits = (session, known, save) => openDialog("edit-dialog", { chosen: signal(session.labels ?? []) },
  (dialog, onSave) => html`<${Form} session=${session} known=${known} dialog=${dialog} onSave=${onSave} />`,
  async (changes) => { if (Object.keys(changes).length) await save(changes); });
