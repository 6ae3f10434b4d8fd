/** The dialog that asks to whom a conversation is transferred: an agent who can take it now, or a team. */

import { fill, initials } from "../../browser/kit/text.js";
import { html, signal } from "../../browser/kit/ui.js";
import { ableOf, unableOf } from "../model/agents.js";
import { nameOf } from "./customer.js";
import { openDialog } from "./dialog.js";

const MAX_NOTE_LENGTH = 1000;

function Pick({ value, chosen, face, title, text, load }) {
  const onChange = () => { chosen.value = value; };
  return html`<label class="pick"><input type="radio" name="transfer-to" value=${value} checked=${chosen.value === value} onChange=${onChange} />
    <span class="avatar by-agent" aria-hidden="true">${face}</span>
    <span class="pick-main"><strong>${title}</strong><small>${text}</small></span><span class="pick-load">${load}</span></label>`;
}

function Agents({ agents, agentId, teamNames, chosen }) {
  const able = ableOf(agents, agentId);
  const { full, away, offline } = unableOf(agents, agentId);
  const reasons = [
    full && fill(ngettext("%(count)s at capacity", "%(count)s at capacity", full), { count: full }),
    away && fill(ngettext("%(count)s away or busy", "%(count)s away or busy", away), { count: away }),
    offline && fill(ngettext("%(count)s offline", "%(count)s offline", offline), { count: offline }),
  ].filter(Boolean);
  return html`<h3>${gettext("Agents who can take it now")}</h3>
    ${able.map(({ id, name, teams, live, capacity }) => html`<${Pick} key=${id} value=${`agent ${id}`} chosen=${chosen} face=${initials(name)}
      title=${name} text=${teams.map((team) => teamNames.get(team)).filter(Boolean).join(", ")} load=${`${live}/${capacity}`} />`)}
    ${reasons.length > 0 && html`<p class="soft">${fill(gettext("Not listed: %(reasons)s"), { reasons: reasons.join(", ") })}</p>`}`;
}

const Teams = ({ teams, chosen }) => html`<h3>${gettext("Teams")}</h3>
  ${teams.map(({ id, name, waiting, available }) => html`<${Pick} key=${id} value=${`team ${id}`} chosen=${chosen} face="⇄" title=${name}
    text=${fill(ngettext("%(count)s here; the customer keeps the first waiting time", "%(count)s here; the customer keeps the first waiting time", available), { count: available })}
    load=${fill(gettext("%(count)s wait"), { count: waiting })} />`)}`;

function Form({ session, agents, teams, agentId, dialog, onTransfer }) {
  const { chosen, note, isBusy, error } = dialog;
  const [kind, id] = chosen.value.split(" ");
  const name = kind === "agent" ? agents.find((each) => each.id === id)?.name : teams.find((each) => String(each.id) === id)?.name;
  const submit = (event) => {
    event.preventDefault();
    onTransfer({ ...(kind === "agent" ? { to_agent: id } : { to_team: Number(id) }), note: note.value.trim() });
  };
  return html`<form class="transfer" onSubmit=${submit}>
    <h2 id="transfer-title">${fill(gettext("Transfer %(customer)s"), { customer: nameOf(session) })}</h2>
    <p class="soft">${gettext("An agent is asked, and the conversation stays with you until it is accepted. The customer hears of it only then.")}</p>
    <div class="picks"><${Agents} agents=${agents} agentId=${agentId} teamNames=${new Map(teams.map((each) => [each.id, each.name]))} chosen=${chosen} />
      <${Teams} teams=${teams} chosen=${chosen} /></div>
    <label for="transfer-note">${gettext("Note for your colleague")}</label>
    <textarea id="transfer-note" rows="3" maxlength=${MAX_NOTE_LENGTH} value=${note} onInput=${({ currentTarget }) => { note.value = currentTarget.value; }}></textarea>
    <p class="error-text" role="alert">${error}</p>
    <footer><button type="button" class="line-button" data-answer="no" onClick=${dialog.close}>${gettext("Cancel")}</button>
      <button type="submit" class="primary" disabled=${!name || isBusy.value}>${name ? fill(gettext("Ask %(name)s"), { name }) : gettext("Ask")}</button></footer>
  </form>`;
}

/** Ask in a dialog. @param sides {agents, teams} fetched now @param transfer called with the body of the call; a promise */
export const askForTransfer = (session, { agents, teams }, agentId, transfer) => openDialog("transfer-dialog", { chosen: signal(""), note: signal("") },
  (dialog, onTransfer) => html`<${Form} session=${session} agents=${agents} teams=${teams} agentId=${agentId} dialog=${dialog} onTransfer=${onTransfer} />`, transfer);
