/** The agent's page: state is fetched once, everything after that comes over one stream. */

import { fetchSession, sessionPath, STATUS } from "../browser/talk/conversation.js";
import { callApi, probeStatus } from "../browser/net/http.js";
import { el, icon } from "../browser/kit/elements.js";
import { byId, dropStrayClicks, readPageConfig, setTitleCount } from "../browser/kit/page.js";
import { fill, initials } from "../browser/kit/text.js";
import { EVENT_TYPES } from "../browser/net/event_types.js";
import { SharedStream } from "../realtime/stream.js";
import { Board } from "./board.js";
import { Inbox, linkTo, Search, tickWaitingTimes } from "./lists.js";
import { OpenConversation } from "./open_conversation.js";

const TICK_MS = 1000;
const TOAST_MS = 10000;
const ERROR_MS = 8000;
const SHOW_TROUBLE_AFTER_MS = 1500;
const UNAVAILABLE_RETRY_MS = 2000;
const AGENT_KEY = "handover:agent";
const PAGE_SIZE = 50;

const config = readPageConfig();
const board = new Board(config.agent.id, show);
const inbox = new Inbox(board, { onTakeOver: takeOver });
const search = new Search(board, { onFound: show, onError: showError });
const conversation = new OpenConversation(board, config, {
  watch: (positions) => stream.watch(positions),
  onError: showError,
  onTakeOver: takeOver,
});
const stream = new SharedStream({
  url: "/api/agent/events",
  eventTypes: EVENT_TYPES,
  scope: config.agent.id,
  onEvent: receiveEvent,
  onStatus: showConnection,
  probe: () => probeStatus("/api/sessions?limit=1"),
  onRefused: goToLogin,
});
let serverClockAheadMs = 0;
let errorTimer = null;
let troubleTimer = null;

/** Fetch the queue first: the stream starts from its position, so what is fetched later is never older. */
async function fetchState() {
  const queue = await callApi("GET", "/api/sessions/queue");
  board.takeQueue(queue.items);
  await fetchMine();
  return queue.position;
}

async function fetchMine(before = null) {
  const paging = before ? `&before=${encodeURIComponent(before)}` : "";
  const path = `/api/sessions?mine=1&status=${STATUS.live}&limit=${PAGE_SIZE}${paging}`;
  const { items, next } = await callApi("GET", path);
  items.forEach((item) => board.takeSession(item));
  await Promise.all(items.map(({ session_name: name }) => countUnread(name)));
  if (next) await fetchMine(next);
}

/** Messages that came while no page was open are unread, too. */
async function countUnread(name) {
  try {
    board.takeSession(await fetchSession(name));
  } catch (error) {
    if (error.status === 401 || error.isPassing) throw error; // else it was given away meanwhile, the stream tells
  }
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
  if (type === "new_message" && data.id === undefined) conversation.showForeign(payload);
  else if (type === "new_message") receiveMessage(payload);
  else if (type === "status_change") receiveStatus(payload, data);
  else if (type === "transfer_request") receiveTransferRequest(payload, data);
  else if (type === "queue_update") showQueueSummary(payload.waiting);
  else if (type === "reset") refetch();
  else if (type === "stream-open") {
    if (data.timestamp) serverClockAheadMs = data.timestamp * 1000 - Date.now();
    conversation.flushOutboxes();
  }
}

function receiveMessage(message) {
  board.takeMessage(message);
  conversation.receiveMessage(message);
}

function receiveStatus(payload, { timestamp }) {
  if (!board.takeStatus(payload, localTime(timestamp))) return;
  conversation.receiveStatus(payload);
  // its messages come over another channel, maybe before this: they were not counted
  if (board.isMine(board.get(payload.session_name))) countUnread(payload.session_name).catch(showError);
}

function receiveTransferRequest(payload, { timestamp }) {
  const { session_name: name, waiting_since: waitingSince } = payload;
  if (!name || !("last_message" in payload)) return; // a watched session's own, which says less
  const wasWaiting = board.queue.some((session) => session.session_name === name);
  const since = waitingSince ? localTime(Date.parse(waitingSince) / 1000) : localTime(timestamp);
  board.takeTransferRequest(payload, since);
  if (!wasWaiting || Date.now() - since < TOAST_MS) announceWaiting(board.get(name));
}

/** A server time in this browser's clock. */
function localTime(seconds) {
  return seconds * 1000 - serverClockAheadMs;
}

async function takeOver(name, button, isForced = false) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    board.takeSession(await callApi("POST", sessionPath(name, "takeover"), isForced ? { force: true } : {}));
    location.hash = linkTo(name);
    if (conversation.name === name) await conversation.refetch();
  } catch (error) {
    showTakeOverError(name, error);
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

/** Somebody was faster: say who. The stream moves the session to where it belongs. */
function showTakeOverError(name, error) {
  const { agent } = error.details;
  if (error.code !== "ALREADY_TAKEN" || !agent) showError(error);
  else if (agent.id === config.agent.id) location.hash = linkTo(name);
  else showError({ message: fill(gettext("Taken by %(agent)s."), { agent: agent.name }) });
}

function show() {
  inbox.show(conversation.name);
  search.show(conversation.name);
  conversation.show();
  dropSettledToasts();
  showQueueSummary(board.queue.length);
  setTitleCount(board.queue.length + board.unreadTotal);
}

function showQueueSummary(waiting) {
  const text = fill(ngettext("%(count)s waiting", "%(count)s waiting", waiting), { count: waiting });
  if (byId("queue-summary").textContent !== text) byId("queue-summary").textContent = text;
  byId("queue-summary").dataset.waiting = waiting;
}

function announceWaiting(session) {
  if (session.status !== STATUS.waiting || conversation.name === session.session_name) return;
  const title = fill(gettext("%(customer)s asks for a human"), { customer: board.nameOf(session) });
  const text = session.reason || session.last_message || "";
  showToast(session.session_name, title, text);
  if (document.hidden && window.Notification?.permission === "granted") {
    const notification = new Notification(title, { body: text, tag: session.session_name }); // one for all tabs
    notification.onclick = () => {
      window.focus();
      location.hash = linkTo(session.session_name);
      notification.close();
    };
  }
}

function showToast(name, title, text) {
  const old = [...byId("toasts").children].find((toast) => toast.dataset.name === name);
  old?.remove();
  const onclick = () => toast.remove();
  const dismiss = { type: "button", class: "quiet icon-button", "aria-label": gettext("Dismiss"), onclick };
  const toast = el("div", { class: "toast", "data-name": name },
    el("a", { href: linkTo(name), onclick }, el("strong", {}, title), el("span", {}, text)),
    el("button", dismiss, icon("close")));
  byId("toasts").append(toast);
  setTimeout(() => toast.remove(), TOAST_MS);
}

/** A customer whom somebody serves, or whose conversation is open here, needs no announcement. */
function dropSettledToasts() {
  for (const toast of [...byId("toasts").children]) {
    const { name } = toast.dataset;
    if (board.get(name)?.status !== STATUS.waiting || conversation.name === name) toast.remove();
  }
}

function showError(error) {
  if (error.status === 401) {
    goToLogin();
    return;
  }
  clearTimeout(errorTimer);
  byId("error").hidden = false;
  byId("error").textContent = error.code === "CSRF_FAILED" ? gettext("Please reload the page.") : error.message;
  errorTimer = setTimeout(() => { byId("error").hidden = true; }, ERROR_MS);
}

function goToLogin() {
  location.assign(`/login/?next=${encodeURIComponent(location.pathname)}`);
}

function showConnection({ state, degraded }) {
  clearTimeout(troubleTimer);
  const shown = state === "live" && degraded ? "degraded" : state;
  const text = {
    connecting: gettext("Connecting…"),
    live: gettext("Live"),
    degraded: gettext("Live, a little slower than usual"),
    reconnecting: gettext("Reconnecting…"),
  }[shown];
  const display = () => {
    byId("connection").dataset.state = shown;
    if (byId("connection").textContent !== text) byId("connection").textContent = text;
  };
  if (state === "live") display();
  else troubleTimer = setTimeout(display, SHOW_TROUBLE_AFTER_MS);
}

/** The address says what is open, so that a reload, a link and the back button work. */
function followAddress() {
  const name = decodeURIComponent(location.hash.replace(/^#\//, ""));
  byId("panes").dataset.view = name ? "conversation" : "list";
  showDetails(false);
  if (name) conversation.open(name);
  else conversation.close();
  show();
}

function showDetails(isShown) {
  byId("panes").classList.toggle("with-details", isShown);
  byId("details-toggle").setAttribute("aria-expanded", String(isShown));
}

function chooseTab(tab) {
  for (const each of document.querySelectorAll("[role=tab]")) {
    const isChosen = each === tab;
    each.setAttribute("aria-selected", String(isChosen));
    each.tabIndex = isChosen ? 0 : -1;
    byId(each.getAttribute("aria-controls")).hidden = !isChosen;
  }
  tab.focus();
  if (tab.id === "tab-all") search.start();
}

function offerNotifications() {
  const button = byId("notify");
  button.hidden = window.Notification?.permission !== "default";
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    button.hidden = Notification.permission !== "default";
  });
}

async function start() {
  try {
    const position = await fetchState();
    stream.start(position);
    showConnection({ state: "connecting", degraded: false });
    followAddress();
  } catch (error) {
    showError(error);
    if (error.isPassing) setTimeout(start, UNAVAILABLE_RETRY_MS);
  }
}

byId("agent-avatar").textContent = initials(config.agent.name);
byId("details-toggle").addEventListener("click", () => showDetails(!byId("panes").classList.contains("with-details")));
byId("details-close").addEventListener("click", () => showDetails(false));
for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => chooseTab(tab));
  tab.addEventListener("keydown", ({ key }) => {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    chooseTab(document.querySelector("[role=tab][aria-selected=false]"));
  });
}
document.addEventListener("click", ({ target }) => {
  const account = document.querySelector(".account");
  if (!account.contains(target)) account.open = false;
});
document.querySelector(".language").addEventListener("formdata", ({ formData }) => {
  formData.set("next", location.pathname + location.hash); // the server does not see what is open
});
localStorage.setItem(AGENT_KEY, config.agent.id);
window.addEventListener("storage", ({ key, newValue }) => {
  // somebody else logged in in this browser: what this page does would be done in their name
  if (key === AGENT_KEY && newValue !== config.agent.id) location.reload();
});
window.addEventListener("hashchange", followAddress);
window.addEventListener("online", () => conversation.flushOutboxes());
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
setInterval(tickWaitingTimes, TICK_MS);
dropStrayClicks(".row-action, #takeover, #release, #close");
offerNotifications();
start();
