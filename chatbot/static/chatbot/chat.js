/** The customer's page: one conversation, kept across reloads and shared by the tabs of the browser. */

import { callApi, probeStatus } from "../browser/net/http.js";
import { byId, dropStrayClicks, readPageConfig, setTitleCount } from "../browser/kit/page.js";
import { fill } from "../browser/kit/text.js";
import { EVENT_TYPES } from "../browser/net/event_types.js";
import { SharedStream } from "../realtime/stream.js";
import { Composer } from "../browser/talk/composer.js";
import { fetchSession, SessionState, sessionPath, STATUS } from "../browser/talk/conversation.js";
import { Outbox } from "../browser/net/outbox.js";
import { TypingSender } from "../browser/net/typing.js";
import { Transcript } from "../browser/talk/transcript.js";

const SESSION_KEY = "handover:session";
const DRAFT_KEY = "handover:draft"; // of this tab
const BOT_PATIENCE_MS = 30000;
const SHOW_TROUBLE_AFTER_MS = 1500;
const RETRY_MS = 2000;

const assistant = { name: gettext("Assistant"), tag: null };
const transcript = new Transcript(byId("messages"), {
  self: { role: "customer", agent: null },
  isOwnSide: ({ role }) => role === "customer",
  labelOf,
  loadOlder: (before) => fetchSession(sessionName, before),
  onRetry: () => outbox.retry(),
  onEdit: takeBack,
  onReply: (text) => composer.quote(text),
  onChange: showWelcome,
  agentOf: () => state.agent,
  receiptsPath: (name) => sessionPath(name, "receipts"),
});
const typing = new TypingSender(() => sessionName && sessionPath(sessionName, "typing"));
const composer = new Composer(byId("composer"), {
  maxLength: readPageConfig().maxContentLength,
  onSend: send,
  onInput: keepDraft,
  onTyping: (text) => typing.hear(text),
});

let sessionName = null;
let state = new SessionState();
let stream = null;
let outbox = null;
let lastSend = Promise.resolve();
let unread = 0;
let troubleTimer = null;

function labelOf({ role, agent }) {
  if (role === "customer") return { name: gettext("You"), tag: null };
  if (role === "agent") return { name: agent?.name ?? gettext("Agent"), tag: gettext("Support team") };
  return assistant;
}

/** Show the conversation of that name: listen, fetch, then stream from where the state was read. */
async function openSession(name) {
  closeSession();
  sessionName = name;
  outbox = new Outbox(sessionPath(name, "messages"), `handover:outbox:${name}`, {
    onSending: (item) => transcript.addPending(item),
    onDelayed: (item) => transcript.markPending(item.client_id, "delayed"),
    onStored: (_item, message) => receiveMessage(message),
    onFailed: (item, error) => transcript.markFailed(item.client_id, error),
  });
  const opened = new SharedStream({
    url: sessionPath(name, "events"),
    eventTypes: EVENT_TYPES,
    onEvent: (event) => stream === opened && receiveEvent(event),
    onStatus: showConnection,
    probe: () => probeStatus(`${sessionPath(name)}?limit=1`),
    onRefused: () => {
      forgetSession();
      showError(gettext("This conversation is no longer available."));
    },
  });
  stream = opened;
  const session = await fetchSession(name).catch((error) => {
    if (stream === opened) closeSession(); // half open, it would take messages and show no answer
    throw error;
  });
  if (stream !== opened) return;
  applySession(session);
  opened.start(session.position);
  outbox.items.forEach((item) => transcript.addPending(item));
  outbox.flush();
}

function closeSession() {
  stream?.stop();
  stream = null;
  sessionName = null;
  outbox?.stop();
  outbox = null;
  state = new SessionState();
  clearTimeout(troubleTimer);
  byId("connection").hidden = true;
  transcript.clear();
  showState();
}

/** The session is not this browser's (any more): start afresh. */
function forgetSession() {
  localStorage.removeItem(SESSION_KEY);
  closeSession();
}

async function refetch() {
  const name = sessionName;
  const asked = transcript.interruptions;
  const session = await fetchSession(name);
  if (sessionName === name) applySession(session, asked);
}

/** Events were missed: fetch the state, until it is there. */
async function recover() {
  const name = sessionName;
  transcript.interrupt();
  try {
    await refetch();
  } catch (error) {
    if (error.isPassing) setTimeout(() => sessionName === name && recover(), RETRY_MS);
  }
}

function applySession(session, asked) {
  transcript.load(session, asked);
  state.take(session);
  showState();
  expectBot();
}

/** The session, made with the first message. One tab at a time makes it, so that two tabs do not make two. */
async function ensureSession() {
  if (sessionName) return;
  const make = async () => {
    const known = localStorage.getItem(SESSION_KEY);
    const name = known ?? (await callApi("POST", "/api/sessions", {})).session_name;
    localStorage.setItem(SESSION_KEY, name);
    await openSession(name);
  };
  await (navigator.locks ? navigator.locks.request("handover:make-session", make) : make());
}

/** Take messages in the order they were written: the second may come while the first still makes the session. */
function send(content) {
  keepDraft("");
  lastSend = lastSend.then(() => accept(content));
  return lastSend;
}

/** A suggestion is sent once, however often it is clicked until it is in the conversation. */
async function sendSuggestion(content) {
  const welcome = byId("welcome");
  if (welcome.inert) return;
  welcome.inert = true;
  composer.focus();
  await send(content);
  welcome.inert = false;
}

function keepDraft(text) {
  sessionStorage.setItem(DRAFT_KEY, text);
}

function setComposer(text) {
  composer.value = text;
  keepDraft(text);
}

async function accept(content) {
  showError("");
  try {
    await ensureSession();
    outbox.put(content);
  } catch (error) {
    setComposer([content, composer.value].filter(Boolean).join("\n"));
    showError(error.message);
  }
}

function takeBack(clientId) {
  const item = outbox.remove(clientId);
  transcript.removePending(clientId);
  if (item) setComposer([item.content, composer.value].filter(Boolean).join("\n"));
  composer.focus();
}

async function escalate() {
  await act(byId("escalate"), async () => {
    await ensureSession();
    const answer = await callApi("POST", sessionPath(sessionName, "escalate"), {});
    state.queuePosition = answer.position;
  });
}

async function cancelWaiting() {
  await act(byId("cancel"), () => callApi("POST", sessionPath(sessionName, "cancel-escalation"), {}));
}

/** Do what a button stands for, once, and show what came of it even if the stream is away. */
async function act(button, work) {
  showError("");
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    await work();
    await refetch();
  } catch (error) {
    if (error.status === 409) await refetch().catch(() => {}); // somebody was faster: show what is
    else showError(error.message);
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

function receiveEvent({ type, data }) {
  const payload = data.payload ?? {};
  if (type === "new_message" && data.id === undefined) showForeign(payload);
  else if (type === "new_message") receiveMessage(payload);
  else if (type === "status_change") receiveStatus(payload);
  else if (type === "queue_position") receivePosition(payload);
  else if (type === "typing" || type.startsWith("message_")) transcript.receive({ type, data });
  else if (type === "reset") recover();
  else if (type === "stream-open") {
    transcript.resume(data.timestamp * 1000);
    outbox.flush();
  }
}

function receiveMessage(message) {
  if (!transcript.add(message)) return;
  if (message.role !== "customer") {
    transcript.setTyping(null);
    countUnread();
  }
  expectBot();
}

/** A message that another program published on Redis is in no log: shown live, gone with the next reload. */
function showForeign({ content, role, agent }) {
  if (typeof content !== "string") return;
  transcript.addLoose({ role, agent, content });
  countUnread();
}

function receiveStatus(payload) {
  if (!state.take(payload)) return;
  showState();
  expectBot();
}

function receivePosition({ position }) {
  state.queuePosition = position;
  showState();
}

function countUnread() {
  if (!document.hidden) return;
  unread += 1;
  setTitleCount(unread);
}

/** Dots while the assistant has a question to answer. */
function expectBot() {
  const isAsked = state.status === STATUS.bot && transcript.last?.role === "customer";
  const isFresh = isAsked && Date.now() - new Date(transcript.last.created_at) < BOT_PATIENCE_MS;
  transcript.setTyping(isFresh ? { kind: "bot", ...assistant } : null, BOT_PATIENCE_MS);
}

function showWelcome() {
  byId("welcome").hidden = !transcript.isEmpty;
  byId("new").hidden = transcript.isEmpty;
}

function showState() {
  const { status, agent, queuePosition } = state;
  const agentName = agent?.name ?? gettext("Agent");
  const texts = {
    [STATUS.bot]: gettext("With the assistant"),
    [STATUS.waiting]: gettext("Waiting for an agent"),
    [STATUS.live]: fill(gettext("With %(agent)s"), { agent: agentName }),
    [STATUS.closed]: gettext("This conversation is closed"),
  };
  byId("status").textContent = texts[status];
  byId("status").dataset.status = status;
  showHandover({
    [STATUS.bot]: [gettext("Rather talk to a person?"), gettext("An agent takes over this conversation.")],
    [STATUS.waiting]: [
      queuePosition
        ? fill(gettext("You are number %(position)s in the queue"), { position: queuePosition })
        : gettext("You are in the queue"),
      gettext("You can keep writing: the agent will read everything."),
    ],
    [STATUS.live]: null,
    [STATUS.closed]: [gettext("Anything else?"), gettext("Write a message and our assistant answers again.")],
  }[status]);
  byId("escalate").hidden = status !== STATUS.bot && status !== STATUS.closed;
  byId("cancel").hidden = status !== STATUS.waiting;
}

function showHandover(texts) {
  const bar = byId("handover");
  bar.hidden = !texts;
  bar.dataset.status = state.status;
  if (!texts) return;
  [byId("handover-title").textContent, byId("handover-hint").textContent] = texts;
}

/** Trouble of a moment is not worth a word. */
function showConnection({ state: connection, degraded }) {
  if (connection === "reconnecting") transcript.lose();
  clearTimeout(troubleTimer);
  const banner = byId("connection");
  let text = degraded ? gettext("Messages may take a little longer than usual.") : "";
  if (connection !== "live") text = gettext("Connection lost. Reconnecting…");
  const show = () => {
    banner.hidden = !text;
    if (banner.textContent !== text) banner.textContent = text;
  };
  if (text) troubleTimer = setTimeout(show, SHOW_TROUBLE_AFTER_MS);
  else show();
}

function showError(text) {
  byId("error").hidden = !text;
  byId("error").textContent = text;
}

async function startAfresh() {
  if (await confirmNew()) {
    forgetSession();
    composer.focus();
  }
}

function confirmNew() {
  const dialog = byId("new-dialog");
  return new Promise((resolve) => {
    dialog.onclick = ({ target }) => target.dataset.answer && dialog.close(target.dataset.answer);
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
    dialog.returnValue = "no";
    dialog.showModal();
  });
}

async function openKnownSession() {
  const name = localStorage.getItem(SESSION_KEY);
  if (!name) {
    forgetSession();
    return;
  }
  try {
    await openSession(name);
    showError("");
  } catch (error) {
    if (error.isPassing) showUnavailable(error);
    else forgetSession();
  }
}

/** The service is away while the page loads: say so and come back by itself. */
function showUnavailable(error) {
  showError(error.message);
  setTimeout(openKnownSession, error.retryAfterSeconds ? error.retryAfterSeconds * 1000 : RETRY_MS);
}

byId("escalate").addEventListener("click", escalate);
byId("cancel").addEventListener("click", cancelWaiting);
byId("new").addEventListener("click", startAfresh);
document.querySelectorAll(".suggestion").forEach((button) => {
  button.addEventListener("click", () => sendSuggestion(button.textContent));
});
document.addEventListener("visibilitychange", () => {
  unread = 0;
  setTitleCount(unread);
});
window.addEventListener("online", () => outbox?.flush());
window.addEventListener("storage", ({ key }) => key === SESSION_KEY && openKnownSession());
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

dropStrayClicks("#escalate, #cancel");
composer.value = sessionStorage.getItem(DRAFT_KEY) ?? "";
openKnownSession();
