/** The agent's page: state is fetched once, everything after that comes over one stream. */

import { sessionPath, STATUS } from "../browser/talk/conversation.js";
import { callApi, probeStatus, unreachable } from "../browser/net/http.js";
import { byId, dropStrayClicks, readPageConfig } from "../browser/kit/page.js";
import { effect, startClock } from "../browser/kit/ui.js";
import { EVENT_TYPES } from "../browser/net/event_types.js";
import { SharedStream } from "../realtime/stream.js";
import { Actions } from "./actions.js";
import { Attention, showCounts } from "./attention.js";
import { Frame } from "./frame.js";
import { Offering } from "./offering.js";
import { OpenConversation } from "./open_conversation.js";
import { createStore } from "./store.js";
import { mountChannel } from "./views/channel.js";
import { mountDetails } from "./views/details.js";
import { mountInbox } from "./views/inbox.js";
import { linkTo } from "./views/row.js";
import { mountTalkMenu } from "./views/talk_menu.js";
import { mountSaid, mountUndo } from "./views/undo.js";

const UNAVAILABLE_RETRY_MS = 2000;
const NEWS_SECONDS = 10; // a customer who began to wait longer ago is announced only if nobody knew
const PAGE_SIZE = 50;
const AGENT_KEY = "handover:agent";

const config = readPageConfig();
const limits = config.waitLimits;
const store = createStore(config.agent.id);
const actions = new Actions(store, config.agent.id, { onTaken: show, onUndone: show, onError: showError });
const conversation = new OpenConversation(store, config, {
  watch: (positions) => stream.watch(positions),
  onError: showError,
});
const search = { start: startSearch };
let searching = null;
const frame = new Frame(config, store, { conversation, search, actions });
const attention = new Attention(store, config.agent.id);
const offering = new Offering(store, config, actions, {
  onOffer: (offer) => attention.receiveOffer(store.get(offer.session_name) ?? { session_name: offer.session_name }),
  onError: showError,
});
const showChannel = mountChannel();
const stream = new SharedStream({
  url: "/api/agent/events",
  eventTypes: EVENT_TYPES,
  scope: config.agent.id,
  onEvent: receiveEvent,
  onStatus: (status) => {
    if (status.state === "reconnecting") conversation.lose();
    showChannel(status);
  },
  probe: () => probeStatus("/api/sessions?limit=1"),
  onRefused: frame.goToLogin,
});

/** Fetch the queue first: the stream starts from its position, so what is fetched later is never older. */
async function fetchState() {
  const asked = store.waitingVersions();
  const queue = await callApi("GET", "/api/sessions/queue");
  store.takeQueue(queue, asked);
  await fetchMine();
  await offering.fetch();
  return queue.position;
}

async function fetchMine(before = null) {
  const paging = before ? `&before=${encodeURIComponent(before)}` : "";
  const path = `/api/sessions?mine=1&status=${STATUS.live}&limit=${PAGE_SIZE}${paging}`;
  const tellings = store.tellings();
  const { items, next } = await callApi("GET", path);
  items.forEach((item) => store.takeSession(item, tellings));
  if (next) await fetchMine(next);
}

async function refetch() {
  try {
    await fetchState();
    await conversation.refetch();
    if (!byId("all").hidden) await search.start();
  } catch (error) {
    showError(error);
    if (error.isPassing) setTimeout(refetch, UNAVAILABLE_RETRY_MS);
  }
}

function receiveEvent({ type, data }) {
  const payload = data.payload ?? {};
  offering.receive(type, payload);
  if (["typing", "message_delivered", "message_read"].includes(type)) conversation.receiveSign({ type, data });
  if (type === "new_message" && data.id === undefined) conversation.showForeign(payload);
  else if (type === "new_message") receiveMessage(payload);
  else if (type === "status_change") receiveStatus(payload, data);
  else if (type === "transfer_request") receiveTransferRequest(payload, data);
  else if (type === "message_read") receiveRead(payload, data);
  else if (type === "customer_presence" || type === "customer_change") receiveCustomer(payload);
  else if (type === "queue_update") store.takeQueueLength(payload);
  else if (type === "reset") {
    conversation.interrupt();
    refetch();
  } else if (type === "stream-open") {
    store.takeClock(payload.time_ms);
    conversation.resume(payload.time_ms);
    conversation.flushOutboxes();
  }
}

function receiveMessage(message) {
  store.takeMessage(message);
  conversation.receiveMessage(message);
  actions.receiveMessage(message);
  attention.receiveMessage(message);
}

function receiveStatus(payload, { timestamp }) {
  if (!store.takeStatus(payload, timestamp * 1000)) return;
  conversation.receiveStatus(payload);
  // what came before it was the agent's is not counted: it went over another channel
  if (store.isMine(store.get(payload.session_name))) fetchCounts(payload.session_name);
}

async function fetchCounts(name) {
  try {
    const asked = store.tellings();
    store.takeSession(await callApi("GET", `/api/sessions/${encodeURIComponent(name)}?limit=1`), asked);
  } catch (error) {
    if (error.status === 401) showError(error); // else it was given away meanwhile, the stream tells
  }
}

function receiveCustomer(payload) {
  store.takeCustomer(payload);
  conversation.show();
}

function receiveRead({ session_name: name, role, message_id: id }, { timestamp }) {
  if (role !== "agent" || !store.isMine(store.get(name))) return;
  store.takeRead(name, id, timestamp * 1000);
  // an event tells only the second, and perhaps another clock's: what was written in it may be read or not
  if (store.unreadOf(name)) fetchCounts(name);
}

function receiveTransferRequest(payload, { timestamp }) {
  const { session_name: name, waiting_since: waitingSince } = payload;
  if (!name || !("last_message" in payload)) return; // a watched session's own, which says less
  const wasWaiting = store.get(name)?.status === STATUS.waiting;
  const since = waitingSince ? Date.parse(waitingSince) : timestamp * 1000;
  store.takeRequest(payload, since);
  const isNews = !wasWaiting || store.serverNow.peek() - since < NEWS_SECONDS * 1000;
  if (isNews && store.queue.rows.peek().some(({ key }) => key === name)) {
    frame.announceWaiting(name);
    attention.receiveWaiting(store.get(name));
  }
}

/** Open a conversation, and go on in it. */
async function show(name) {
  if (conversation.name !== name) {
    location.hash = linkTo(name);
    return;
  }
  await conversation.goOn();
}

const failed = () => { throw unreachable(); };

/** What is not needed at first is loaded when it is wanted. */
const writtenOut = (what) => async () => {
  const { [what]: write } = await import("./written_out.js").catch(failed);
  await write(store, config.agent);
};

async function showAttention() {
  try {
    const { drawAttention } = await import("./views/attention.js").catch(failed);
    drawAttention(attention);
  } catch (error) {
    showError(error);
  }
}

async function loadSearch() {
  const { Search } = await import("./search.js").catch(failed);
  return new Search(store, { limits, onError: showError });
}

async function startSearch() {
  try {
    searching ??= loadSearch();
    await (await searching).start();
  } catch (error) {
    searching = null;
    showError(error);
  }
}

function showError(error) {
  frame.showError(error);
}

async function start() {
  try {
    const position = await fetchState();
    stream.start(position);
    showChannel({ state: "connecting", degraded: false });
    frame.followAddress();
  } catch (error) {
    showError(error);
    if (error.isPassing) setTimeout(start, UNAVAILABLE_RETRY_MS);
  }
}

localStorage.setItem(AGENT_KEY, config.agent.id);
window.addEventListener("storage", ({ key, newValue }) => {
  // somebody else logged in in this browser: what this page does would be done in their name
  if (key === AGENT_KEY && newValue !== config.agent.id) location.reload();
});
window.addEventListener("online", () => conversation.flushOutboxes());
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
byId("connect-now").addEventListener("click", () => stream.connectNow());
byId("transfer").addEventListener("click", () => offering.ask(conversation.session));
dropStrayClicks("#accept-offer, #decline-offer, .row-action, #take-next, #takeover, #requeue, #release, #close");
import("./input.js").then(({ reportInput }) => reportInput(config.awayAfterMinutes), showError);
mountInbox(store, { limits, onTake: (name) => actions.takeOver(name) });
mountDetails(store, limits, async (name) => (await callApi("GET", sessionPath(name, "history"))).items, {
  may: (session) => config.isSupervisor || store.isMine(session),
  ask: (session) => actions.askForEdits(session),
});
byId("attention").addEventListener("beforetoggle", showAttention);
mountTalkMenu({ copy: writtenOut("copyTalk"), print: writtenOut("printTalk") }, showError);
mountSaid(offering.said);
mountUndo(actions.pending, () => actions.undo());
startClock();
showCounts(store);
effect(() => {
  void [store.board.value, store.leaving.value];
  conversation.show();
});
start();
