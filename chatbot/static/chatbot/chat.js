/** The customer's page: one conversation, kept across reloads and shared by the tabs of the browser. */

import { callApi, probeStatus, unreachable } from "../browser/net/http.js";
import { ask } from "../browser/kit/dialog.js";
import { byId, dropStrayClicks, readPageConfig } from "../browser/kit/page.js";
import { effect, html, render } from "../browser/kit/ui.js";
import { EVENT_TYPES } from "../browser/net/event_types.js";
import { SharedStream } from "../realtime/stream.js";
import { Composer } from "../browser/talk/composer.js";
import { keepDraft, readDraft } from "../browser/talk/drafts.js";
import { fetchSession, sessionPath } from "../browser/talk/conversation.js";
import { Outbox } from "../browser/net/outbox.js";
import { TypingSender } from "../browser/net/typing.js";
import { previewOf } from "../browser/talk/model/attachments.js";
import { Transcript } from "../browser/talk/transcript.js";
import { Uploads } from "../browser/talk/uploads.js";
import { Attention } from "./attention.js";
import { Connection } from "./connection.js";
import { knownSession, leaveLinked, start } from "./link.js";
import { noticeText } from "./notices.js";
import { createStore } from "./store.js";
import { fitAboveKeyboard } from "./viewport.js";
import { Menu, Strip, ToHuman, Who } from "./views/bar.js";
import { StateCard } from "./views/card.js";

const SESSION_KEY = "handover:session";
const DECLINED_KEY = "handover:not-rated"; // the session and its version that the customer would not rate
const DRAFT_KEY = "handover:draft";
const NEAR_END_PX = 80;
const RETRY_MS = 2000;
const MAX_PAGE_LENGTH = 500; // the server's

const store = createStore();
const attention = new Attention(store);
const connection = new Connection(store);
const speaker = { name: gettext("Assistant"), tag: null };
const transcript = new Transcript(byId("messages"), {
  self: { role: "customer", agent: null },
  isOwnSide: ({ role }) => role === "customer",
  labelOf,
  noticeOf: noticeText,
  loadOlder: (before) => fetchSession(store.name.peek(), before),
  onRetry: () => outbox.retry(),
  onEdit: takeBack,
  onReply: (text) => composer.quote(text),
  onChange: () => { store.isEmpty.value = transcript.isEmpty; },
  agentOf: () => store.session.peek().agent,
  receiptsPath: (name) => sessionPath(name, "receipts"),
});
const typing = new TypingSender(() => store.name.peek() && sessionPath(store.name.peek(), "typing"));
const uploads = new Uploads(readPageConfig().attachments, () => uploadPath());
const composer = new Composer(byId("composer"), {
  maxLength: readPageConfig().maxContentLength,
  uploads,
  dropPlace: document.querySelector(".chat"),
  onSend: send,
  onInput: saveDraft,
  onTyping: (text) => typing.hear(text),
  onError: ({ message }) => showError(message),
});

let stream = null;
let outbox = null;
let assistant = null; // with the first conversation: who only looks at the page does not load it
let lastSend = Promise.resolve();

function labelOf({ role, agent }) {
  if (role === "customer") return { name: gettext("You"), tag: null };
  if (role === "agent") return { name: agent?.name ?? gettext("Agent"), tag: gettext("Support team") };
  return speaker;
}

/** Show the conversation of that name: listen, fetch, then stream from where the state was read. */
async function openSession(name) {
  if (store.name.peek() && store.name.peek() !== name) uploads.clear(); // they are the other one's
  closeSession();
  store.name.value = name;
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
    onStatus: (status) => {
      if (status.state === "reconnecting") transcript.lose();
      connection.show(status);
    },
    probe: () => probeStatus(`${sessionPath(name)}?limit=1`),
    onRefused: () => {
      forgetSession();
      showError(gettext("This conversation is no longer available."));
    },
  });
  stream = opened;
  const loaded = Promise.all([fetchSession(name), loadAssistant()]);
  const [session] = await loaded.catch((error) => {
    if (stream === opened) closeSession(); // half open, it would take messages and show no answer
    throw error;
  });
  if (stream !== opened) return;
  applySession(session);
  opened.start(session.position);
  outbox.items.forEach((item) => transcript.addPending(item));
  outbox.flush();
}

async function loadAssistant() {
  if (assistant) return;
  const { Assistant, ready } = await import("./assistant.js").catch(() => { throw unreachable(); });
  await ready;
  assistant ??= new Assistant({ store, transcript, speaker, refetch, send, escalate, showError, keepFocus });
}

function closeSession() {
  stream?.stop();
  stream = null;
  outbox?.stop();
  outbox = null;
  connection.clear();
  assistant?.clear();
  store.clear();
  transcript.clear();
}

/** The session is not this browser's (any more): start afresh. */
function forgetSession() {
  if (!leaveLinked(SESSION_KEY)) localStorage.removeItem(SESSION_KEY); // the browser's own is left as it is
  uploads.clear();
  closeSession();
}

async function refetch() {
  const name = store.name.peek();
  const [asked, known] = [transcript.interruptions, assistant.known.peek()];
  const session = await fetchSession(name);
  if (store.name.peek() === name) applySession(session, asked, known);
}

/** Events were missed: fetch the state, until it is there. */
async function recover() {
  const name = store.name.peek();
  transcript.interrupt();
  try {
    await refetch();
  } catch (error) {
    if (error.isPassing) setTimeout(() => store.name.peek() === name && recover(), RETRY_MS);
  }
}

function applySession(session, asked, known) {
  transcript.load(session, asked);
  store.takeFetched(session);
  if (localStorage.getItem(DECLINED_KEY) === ending()) store.decline(session.version);
  assistant.takeFetched(session, known);
}

/** The address of the page that led to the chat; empty for one that is too long to be kept. */
const cameFrom = () => (document.referrer.length <= MAX_PAGE_LENGTH ? document.referrer : "");

/** The session, made with the first message. One tab at a time makes it, so that two tabs do not make two. */
async function ensureSession() {
  if (store.name.peek()) return;
  const make = async () => {
    const known = knownSession(SESSION_KEY);
    const name = known ?? (await callApi("POST", "/api/sessions", { page: cameFrom() })).session_name;
    if (!known) localStorage.setItem(SESSION_KEY, name);
    await openSession(name);
  };
  await (navigator.locks ? navigator.locks.request("handover:make-session", make) : make());
}

/** Take messages and files in their order: the second may come while the first still makes the session. */
function inTurn(work) {
  const done = lastSend.then(work);
  lastSend = done.catch(() => {});
  return done;
}

function send(content, attachments = []) {
  saveDraft("");
  return inTurn(() => accept(content, attachments));
}

const uploadPath = () => inTurn(ensureSession).then(() => sessionPath(store.name.peek(), "attachments"));

/** A suggestion is sent once, however often it is clicked until it is in the conversation. */
async function sendSuggestion(content) {
  const welcome = byId("welcome");
  if (welcome.inert) return;
  welcome.inert = true;
  composer.focus();
  await send(content);
  welcome.inert = false;
}

function saveDraft(text) {
  keepDraft(DRAFT_KEY, text);
}

/** Put a message that was not sent back to where it is written. */
function setBack({ content, attachments = [] }) {
  composer.value = [content, composer.value].filter(Boolean).join("\n");
  saveDraft(composer.value);
  uploads.putBack(attachments);
}

async function accept(content, attachments) {
  showError("");
  try {
    await ensureSession();
    outbox.put(content, attachments);
  } catch (error) {
    setBack({ content, attachments });
    showError(error.message);
  }
}

function takeBack(clientId) {
  const item = outbox.remove(clientId);
  transcript.removePending(clientId);
  if (item) setBack(item);
  composer.focus();
}

const postTo = (path, body = {}) => callApi("POST", sessionPath(store.name.peek(), path), body);

/** Ask for a person of a team, or first which one. @param {number | null} [team] null for any */
async function escalate(team) {
  await act("escalate", async () => {
    if (team === undefined) store.choices.value = (await callApi("GET", "/api/teams")).items;
    if (team === undefined && store.choices.value.length) return;
    await ensureSession();
    store.takePosition((await postTo("escalate", team ? { team } : {})).position);
    store.choices.value = [];
  });
}

const cancelWaiting = () => act("cancel", () => postTo("cancel-escalation"));

function end() {
  closeMenu();
  return act("end", () => postTo("close"));
}

const leaveEmail = (email) => act("email", () => callApi("PATCH", sessionPath(store.name.peek()), { customer: { email } }));

async function rate(score, comment) {
  if (await act("rating", () => postTo("rating", { score, comment }))) store.rated();
}

function declineRating() {
  localStorage.setItem(DECLINED_KEY, ending());
  store.decline(store.session.peek().version);
  composer.focus();
}

const ending = () => `${store.name.peek()} ${store.session.peek().version}`;

/** Do what a button stands for, once, and show what came of it even if the stream is away. Returns whether it was done. */
async function act(what, work) {
  showError("");
  store.busyWith.value = what;
  try {
    await work();
    await refetch();
    return true;
  } catch (error) {
    if (error.status === 409) await refetch().catch(() => {}); // somebody was faster: show what is
    if (error.status !== 409 || error.code === "QUEUE_FULL") showError(error.message);
    return false;
  } finally {
    store.busyWith.value = "";
    keepFocus();
  }
}

/** A button that is gone must not take the focus with it: the next Tab would begin at the top. */
function keepFocus() {
  requestAnimationFrame(() => {
    if (document.activeElement === document.body) document.querySelector(".scroller").focus({ preventScroll: true });
  });
}

function receiveEvent({ type, data }) {
  const payload = data.payload ?? {};
  if (type === "new_message" && data.id === undefined) showForeign(payload);
  else if (type === "new_message") receiveMessage(payload);
  else if (type === "status_change") receiveStatus(payload);
  else if (type === "message_delta") assistant.takePiece(payload);
  else if (type === "queue_position") store.takePosition(payload.position, payload.why);
  else if (type === "typing" || type.startsWith("message_")) transcript.receive({ type, data });
  else if (type === "reset") recover();
  else if (type === "stream-open") {
    transcript.resume(payload.time_ms);
    outbox.flush();
  }
}

function receiveMessage(message) {
  if (!transcript.add(message)) return;
  if (message.role !== "customer") attention.receive(labelOf(message).name, previewOf(message));
  assistant?.takeMessage(message);
}

/** A message that another program published on Redis is in no log: shown live, gone with the next reload. */
function showForeign({ content, role, agent }) {
  if (typeof content !== "string") return;
  transcript.addLoose({ role, agent, content });
  attention.receive(labelOf({ role, agent }).name, content);
}

function receiveStatus(payload) {
  if (!store.takeStatus(payload)) return;
  assistant.update();
  if (store.needsRating()) recover();
}

function connectNow() {
  stream?.connectNow();
  outbox?.flush();
}

function showError(text) {
  byId("error").hidden = !text;
  byId("error").textContent = text;
}

async function startAfresh() {
  closeMenu();
  if ((await ask(byId("new-dialog"))) === "yes") {
    forgetSession();
    openKnownSession(); // the browser's own, where this one was opened by a link
    composer.focus();
  }
}

const closeMenu = () => byId("menu").hidePopover();

/** The file is made in the language of the page, with the times of this computer. */
const transcriptOf = (name) =>
  `${sessionPath(name, "transcript")}?timezone=${encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone)}`;

async function openKnownSession() {
  const name = knownSession(SESSION_KEY);
  if (!name) return forgetSession();
  try {
    await openSession(name);
    showError("");
  } catch (error) {
    if (error.isPassing) showUnavailable(error);
    else forgetSession();
  }
}

/** The service is away while the page loads: say so and come back by itself. */
function showUnavailable(error, again = openKnownSession) {
  showError(error.message);
  setTimeout(again, error.retryAfterSeconds ? error.retryAfterSeconds * 1000 : RETRY_MS);
}

document.querySelectorAll(".suggestion").forEach((button) => {
  button.addEventListener("click", () => sendSuggestion(button.textContent));
});
window.addEventListener("online", () => outbox?.flush());
window.addEventListener("storage", ({ key }) => key === SESSION_KEY && openKnownSession());
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

/** Draw what the store knows. What changes the height of the log keeps a reader at its end there. */
function mount() {
  const actions = { cancelWaiting, closeMenu, declineRating, end, leaveEmail, rate, startAfresh, transcriptOf };
  const views = { who: Who, strip: Strip, "to-human": ToHuman, menu: Menu, card: StateCard };
  for (const [id, View] of Object.entries(views)) {
    const root = byId(id);
    render(html`<${View} ...${{ store, attention, actions, connectNow, escalate, logo: root.dataset.logo }} />`, root);
  }
  effect(() => { byId("welcome").hidden = !store.isEmpty.value; });
  effect(() => { document.body.dataset.status = store.status.value; });
  new ResizeObserver(() => isNearEnd() && transcript.scrollToEnd()).observe(byId("card"));
}

function isNearEnd() {
  const { scrollHeight, scrollTop, clientHeight } = document.querySelector(".scroller");
  return scrollHeight - scrollTop - clientHeight < NEAR_END_PX + byId("card").offsetHeight;
}

mount();
fitAboveKeyboard();
dropStrayClicks("#escalate, #cancel");
composer.value = readDraft(DRAFT_KEY);
start(SESSION_KEY, { openKnown: openKnownSession, later: showUnavailable, show: showError });
