/** The open conversation as a text or on paper: all of it, also what the page has not loaded. */

import { callApi } from "../browser/net/http.js";
import { fill } from "../browser/kit/text.js";
import { formatMoment } from "../browser/kit/time.js";
import { sessionPath } from "../browser/talk/conversation.js";
import { asText } from "./model/written_out.js";
import { entryOf } from "./speakers.js";
import { nameOf } from "./views/customer.js";
import { clearSheet, drawSheet } from "./views/sheet.js";

const PAGE_SIZE = 100;
const MAX_MESSAGES = 2000; // the latest, as in the customer's own text

/** Copy the open conversation as text. @param agent who reads it */
export async function copyTalk(store, agent) {
  const { heading, entries } = await readWhole(store, agent);
  await navigator.clipboard.writeText(asText(heading, entries, formatMoment));
}

/** Print the open conversation alone. @param agent who reads it */
export async function printTalk(store, agent) {
  const { heading, entries } = await readWhole(store, agent);
  drawSheet(heading, entries);
  window.addEventListener("afterprint", clearSheet, { once: true });
  window.print();
}

/** The open conversation: lines of a heading, whose first is its title, and an entry for each message. */
async function readWhole(store, agent) {
  const name = store.openName.peek();
  const { messages, isWhole } = await fetchAll(name);
  const session = store.get(name);
  return { heading: headingOf(session, agent, isWhole), entries: messages.map((each) => entryOf(session, each, agent.id)) };
}

function headingOf(session, agent, isWhole) {
  const { customer, created_at: begun, question } = session;
  return [
    fill(gettext("Conversation with %(customer)s"), { customer: nameOf(session) }),
    customer?.email,
    begun && fill(gettext("Begun: %(time)s"), { time: formatMoment(begun) }),
    question && fill(gettext("Question: %(question)s"), { question }),
    fill(gettext("Written out for %(agent)s on %(time)s"), { agent: agent.name, time: formatMoment(Date.now()) }),
    !isWhole && fill(gettext("Only the last %(count)s messages are here."), { count: MAX_MESSAGES }),
  ].filter(Boolean);
}

/** The latest messages, oldest first, and whether these are all. */
async function fetchAll(name) {
  let messages = [];
  let hasMore = true;
  while (hasMore && messages.length < MAX_MESSAGES) {
    const before = messages.length > 0 ? `&before=${messages[0].id}` : "";
    const page = await callApi("GET", `${sessionPath(name)}?limit=${PAGE_SIZE}${before}`);
    messages = [...page.messages, ...messages];
    hasMore = page.more;
  }
  return { messages, isWhole: !hasMore };
}
