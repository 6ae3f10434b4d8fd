/** The left pane: queue, my conversations, and the search through all of them. */

import { STATUS } from "../browser/talk/conversation.js";
import { avatar, faceOf } from "../browser/talk/transcript.js";
import { callApi } from "../browser/net/http.js";
import { arrange, el } from "../browser/kit/elements.js";
import { byId } from "../browser/kit/page.js";
import { fill } from "../browser/kit/text.js";
import { formatDuration, formatRecent } from "../browser/kit/time.js";

const SEARCH_DELAY_MS = 250;

export const linkTo = (name) => `#/${encodeURIComponent(name)}`;

/** Rows that stay the same elements while what they show changes, so that they keep focus. */
class RowList {
  #list;
  #makeAction;
  #rows = new Map();
  #board;

  constructor(list, board, makeAction = () => null) {
    this.#list = list;
    this.#board = board;
    this.#makeAction = makeAction;
  }

  show(sessions, openName) {
    const shown = new Set(sessions.map(({ session_name: name }) => name));
    for (const name of this.#rows.keys()) if (!shown.has(name)) this.#rows.delete(name);
    arrange(this.#list, sessions.map((session) => this.#row(session, openName)));
  }

  #row(session, openName) {
    const name = session.session_name;
    if (!this.#rows.has(name)) this.#rows.set(name, this.#makeRow(name));
    const row = this.#rows.get(name);
    const title = this.#board.nameOf(session);
    const unread = this.#board.isMine(session) ? this.#board.unreadOf(name) : 0;
    setText(row.querySelector(".row-name"), title);
    showFace(row.querySelector(".avatar"), this.#board.givenNameOf(session));
    setText(row.querySelector(".row-preview"), session.last_message || "");
    setText(row.querySelector(".row-note"), noteOf(session, this.#board));
    showTime(row.querySelector(".row-time"), session);
    const badge = row.querySelector(".badge");
    badge.hidden = unread === 0;
    setText(badge, unread ? fill(ngettext("%(count)s unread", "%(count)s unread", unread), { count: unread }) : "");
    badge.dataset.count = unread;
    row.querySelector(".row-link").toggleAttribute("aria-current", name === openName);
    row.classList.toggle("is-unread", unread > 0);
    row.dataset.status = session.status;
    return row;
  }

  #makeRow(name) {
    return el("li", { class: "row" },
      el("a", { class: "row-link", href: linkTo(name) },
        avatar("customer", ""),
        el("span", { class: "row-main" },
          el("span", { class: "row-head" }, el("span", { class: "row-name" }), el("span", { class: "row-time" })),
          el("span", { class: "row-foot" },
            el("span", { class: "row-preview" }),
            el("span", { class: "badge", hidden: true })),
          el("span", { class: "row-note" }))),
      this.#makeAction(name));
  }
}

/** Queue and my conversations: always what the board says. */
export class Inbox {
  #board;
  #queue;
  #mine;

  constructor(board, { onTakeOver }) {
    this.#board = board;
    this.#queue = new RowList(byId("queue"), board, (name) => takeOverButton(name, onTakeOver));
    this.#mine = new RowList(byId("mine"), board);
  }

  show(openName) {
    const { queue, mine } = this.#board;
    this.#queue.show(queue, openName);
    this.#mine.show(mine, openName);
    showCount(byId("queue-count"), queue.length);
    showCount(byId("mine-count"), mine.length);
    byId("queue-empty").hidden = queue.length > 0;
    byId("mine-empty").hidden = mine.length > 0;
  }
}

/** All conversations: fetched when the tab is opened or the search changes; what the board knows of them stays live. */
export class Search {
  #board;
  #rows;
  #names = [];
  #next = null;
  #query = "";
  #timer = null;
  #callbacks;

  /** @param callbacks onFound(), onError(error) */
  constructor(board, callbacks) {
    this.#board = board;
    this.#callbacks = callbacks;
    this.#rows = new RowList(byId("found"), board);
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.start();
    });
    byId("search-text").addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.start(), SEARCH_DELAY_MS);
    });
    byId("search-status").addEventListener("change", () => this.start());
    byId("found-more").addEventListener("click", () => this.#fetch(this.#next));
  }

  start() {
    clearTimeout(this.#timer);
    const fields = Object.entries({ q: byId("search-text").value.trim(), status: byId("search-status").value });
    this.#query = new URLSearchParams(fields.filter(([, value]) => value)).toString();
    return this.#fetch(null);
  }

  show(openName) {
    const status = byId("search-status").value;
    const sessions = this.#names.map((name) => this.#board.get(name)).filter((session) => session);
    this.#rows.show(sessions.filter((session) => !status || session.status === status), openName);
  }

  async #fetch(before) {
    const query = this.#query;
    const paging = before ? `${query && "&"}before=${encodeURIComponent(before)}` : "";
    try {
      const { items, next } = await callApi("GET", `/api/sessions?${query}${paging}`);
      if (query !== this.#query) return; // the search changed meanwhile
      items.forEach((item) => this.#board.takeSession(item));
      const names = items.map(({ session_name: name }) => name);
      this.#names = [...new Set(before ? [...this.#names, ...names] : names)];
      this.#next = next;
      byId("found-more").hidden = !next;
      byId("found-empty").hidden = this.#names.length > 0;
      this.#callbacks.onFound();
    } catch (error) {
      this.#callbacks.onError(error);
    }
  }
}

/** Let waiting times run. */
export function tickWaitingTimes() {
  for (const node of document.querySelectorAll("[data-waiting-since]")) showWaiting(node);
}

function showTime(node, { status, waiting_since: waitingSince, last_activity_at: lastActivityAt }) {
  if (status === STATUS.waiting && waitingSince) {
    node.dataset.waitingSince = waitingSince;
    showWaiting(node);
    return;
  }
  delete node.dataset.waitingSince;
  setText(node, lastActivityAt ? formatRecent(lastActivityAt) : "");
}

export function showWaiting(node) {
  setText(node, formatDuration((Date.now() - Number(node.dataset.waitingSince)) / 1000));
}

function noteOf({ status, reason, agent }, board) {
  if (status === STATUS.waiting) return reason || "";
  if (status === STATUS.closed) return gettext("Closed");
  if (status === STATUS.bot) return gettext("With the assistant");
  if (status === STATUS.live && !board.isMine({ status, agent })) {
    return fill(gettext("With %(agent)s"), { agent: agent?.name ?? "" });
  }
  return "";
}

function takeOverButton(name, onTakeOver) {
  const onclick = ({ currentTarget }) => onTakeOver(name, currentTarget);
  return el("button", { type: "button", class: "row-action", onclick }, gettext("Take over"));
}

function showCount(node, count) {
  node.hidden = count === 0;
  setText(node, String(count));
}

export function showFace(node, givenName) {
  if (node.dataset.name === givenName) return;
  node.dataset.name = givenName;
  node.replaceChildren(faceOf("customer", givenName));
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
