/** What is known of one session: its status by version, and who is expected to write next. */

import { callApi } from "../net/http.js";

export const STATUS = { bot: "bot_active", waiting: "pending_manual", live: "manual_live", closed: "closed" };

export const sessionPath = (name, action = "") => `/api/sessions/${encodeURIComponent(name)}${action && `/${action}`}`;

export async function fetchSession(name, before = null) {
  return callApi("GET", sessionPath(name) + (before ? `?before=${encodeURIComponent(before)}` : ""));
}

/** Keeps the newest of the states that come from fetches and events, told apart by the session's `version`. */
export class SessionState {
  status = STATUS.bot;
  version = -1;
  agent = null;
  queuePosition = null;

  /** Take a fetched session or the payload of a status_change. Returns whether it was newer. */
  take({ status, version, agent, queue_position: queuePosition }) {
    if (version < this.version) return false;
    const isNews = version > this.version;
    this.status = status;
    this.version = version;
    this.agent = agent;
    if (status !== STATUS.waiting) this.queuePosition = null;
    else if (queuePosition) this.queuePosition = queuePosition;
    return isNews;
  }
}
