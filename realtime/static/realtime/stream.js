/**
 * One EventSource per browser and URL, shared by all its tabs.
 *
 * Chromium allows six connections a host on HTTP/1.1; a stream per tab would use them up. The tab that holds the Web Lock
 * leads: it has the EventSource and forwards every event to the others. Each tab remembers the position of the last
 * event it saw, so that whichever leads next resumes where it stands. Without Web Locks each tab has its own EventSource.
 *
 * Use: construct it (it listens from then on), fetch the state, apply it, then `start(position of the state)`.
 * Events that came meanwhile are handed over after `start`. The page drops what it already has.
 */

const PULSE = "keep-alive"; // an event of streams that were quiet for 15 s
const LOCAL_TYPES = ["stream-open", "reset", "degraded", "recovered", PULSE]; // which streams make themselves
const LOOK_MS = 5000;
const SILENCE_MS = 40000; // two pulses and a half: a network that is gone says nothing, for hours
const MAX_RETRY_MS = 3000; // of ReconnectingEventSource after a refusal; the server's `retry:` rules otherwise
const FIRST_PROBE_MS = 2500;
const MAX_PROBE_MS = 30000;
const GATHER_WATCHES_MS = 60;
const MAX_WATCHES = 8; // what the server takes of `?watch=`
const REFUSALS = new Set([401, 403, 404]);

export class SharedStream {
  #url;
  #eventTypes;
  #scope;
  #onEvent;
  #onStatus;
  #onRefused;
  #probe;
  #tab = `${Date.now()}-${Math.random()}`;
  #channel = null;
  #position = null;
  #early = [];
  #started = false;
  #stopped = false;
  #leads = false;
  #releaseLocks = [];
  #source = null;
  #probeTimer = null;
  #reopenTimer = null;
  #lookTimer = null;
  #heardAt = 0;
  #watchesByTab = new Map();
  #watched = []; // the sessions that #position speaks for
  #status = { state: "connecting", degraded: false };

  /**
   * @param url of the stream, without query
   * @param eventTypes the types of events that the page wants to hear of
   * @param scope tells streams apart that share a URL but not a reader (the agent's id)
   * @param onEvent called with {type, data}: data is the envelope
   * @param onStatus called with {state: "connecting" | "live" | "reconnecting", degraded}
   * @param probe resolves to the HTTP status of a call with the same rights: EventSource does not tell why it failed
   * @param onRefused called once with 401, 403 or 404; the stream is stopped then
   */
  constructor({ url, eventTypes, scope = "", onEvent, onStatus, probe, onRefused }) {
    this.#url = url;
    this.#eventTypes = [...LOCAL_TYPES, ...eventTypes];
    this.#scope = `handover:${scope}:${url}`;
    this.#onEvent = onEvent;
    this.#onStatus = onStatus;
    this.#probe = probe;
    this.#onRefused = onRefused;
    if (navigator.locks && window.BroadcastChannel) {
      this.#channel = new BroadcastChannel(this.#scope);
      this.#channel.onmessage = ({ data }) => this.#hear(data);
    }
    window.addEventListener("pagehide", this.stop);
    window.addEventListener("online", this.#reopen);
    window.addEventListener("offline", this.#lose);
  }

  /** Take part from `position` on: lead if no other tab does, else follow. */
  start(position) {
    if (this.#stopped || this.#started) return;
    this.#started = true;
    this.#position ??= position; // an event heard meanwhile tells a position of the stream itself
    const early = this.#early;
    this.#early = [];
    early.forEach((event) => this.#onEvent(event));
    if (!this.#channel) {
      this.#lead();
      return;
    }
    this.#hold(`${this.#scope}:tab:${this.#tab}`);
    this.#hold(this.#scope, () => this.#lead());
    this.#tell({ kind: "hello" });
  }

  /** Also stream these sessions: a map from name to the position of the state that the page has of it. */
  watch(positions) {
    this.#watchesByTab.set(this.#tab, positions);
    if (this.#leads) this.#coverWatches();
    else this.#tell({ kind: "watch", positions });
  }

  /** Try again at once, instead of when the time for it has come. */
  connectNow() {
    if (this.#leads) this.#open();
    else this.#tell({ kind: "connect" });
  }

  stop = () => {
    this.#stopped = true;
    window.removeEventListener("pagehide", this.stop);
    window.removeEventListener("online", this.#reopen);
    window.removeEventListener("offline", this.#lose);
    clearTimeout(this.#probeTimer);
    clearTimeout(this.#reopenTimer);
    clearInterval(this.#lookTimer);
    this.#source?.close();
    this.#tell({ kind: "bye" });
    this.#channel?.close();
    this.#channel = null;
    this.#releaseLocks.forEach((release) => release());
  };

  /** Hold a Web Lock until stop(); it also keeps the browser from freezing this tab in the background. */
  #hold(name, onHeld = () => {}) {
    navigator.locks.request(name, () => {
      if (this.#stopped) return undefined;
      onHeld();
      return new Promise((release) => this.#releaseLocks.push(release));
    });
  }

  #tell(message) {
    this.#channel?.postMessage({ ...message, from: this.#tab });
  }

  #hear(message) {
    if (message.kind === "event") this.#receive(message.event);
    else if (message.kind === "status" && !this.#leads) this.#setStatus(message.status);
    else if (message.kind === "who") this.#tell({ kind: "watch", positions: this.#watchesByTab.get(this.#tab) ?? {} });
    else if (this.#leads) this.#serveFollower(message);
  }

  #serveFollower({ kind, from, positions }) {
    if (kind === "hello") this.#tell({ kind: "status", status: this.#status });
    else if (kind === "connect") this.#open();
    else if (kind === "bye") this.#watchesByTab.delete(from);
    else if (kind === "watch") {
      this.#watchesByTab.set(from, positions);
      this.#coverWatches();
    }
  }

  #lead() {
    this.#leads = true;
    this.#tell({ kind: "who" });
    this.#open();
    this.#lookTimer = setInterval(() => this.#look(), LOOK_MS);
  }

  #open() {
    clearTimeout(this.#reopenTimer);
    this.#reopenTimer = null;
    this.#source?.close();
    const wanted = this.#wantedWatches();
    const covered = Object.keys(wanted);
    const query = new URLSearchParams([["pulse", "1"], ...covered.map((name) => ["watch", name])]);
    const source = new window.ReconnectingEventSource(`${this.#url}?${query}`, {
      lastEventId: this.#joinPositions(wanted),
      max_retry_time: MAX_RETRY_MS,
    });
    this.#eventTypes.forEach((type) => source.addEventListener(type, (event) => this.#forward(event, covered)));
    source.onerror = () => {
      this.#announce({ state: "reconnecting", degraded: false });
      this.#scheduleProbe(0);
    };
    this.#source = source;
    this.#scheduleProbe(FIRST_PROBE_MS);
  }

  /** Open it again from here, since a connection that died with the network may never say so. */
  #reopen = () => {
    if (this.#leads) this.#open();
  };

  /** The network is gone, which the connection itself may not notice for minutes. */
  #lose = () => {
    if (this.#leads) this.#announce({ state: "reconnecting", degraded: false });
  };

  /** A stream that is silent for too long is dead, whatever the connection says. */
  #look() {
    if (this.#status.state !== "live" || Date.now() - this.#heardAt < SILENCE_MS) return;
    this.#lose();
    this.#open();
  }

  #forward({ type, data, lastEventId }, watched) {
    this.#heardAt = Date.now();
    if (type === PULSE) return;
    const event = { type, data: data ? JSON.parse(data) : {}, position: lastEventId, watched };
    this.#tell({ kind: "event", event });
    this.#receive(event);
    if (type === "stream-open") {
      clearTimeout(this.#probeTimer);
      this.#announce({ state: "live", degraded: false });
    } else if (type === "degraded" || type === "recovered") {
      this.#announce({ state: "live", degraded: type === "degraded" });
    }
  }

  #receive(event) {
    if (event.position) {
      this.#position = event.position;
      this.#watched = event.watched;
    }
    if (this.#started) this.#onEvent(event);
    else this.#early.push(event);
  }

  #announce(status) {
    this.#tell({ kind: "status", status });
    this.#setStatus(status);
  }

  #setStatus(status) {
    this.#status = status;
    this.#onStatus(status);
  }

  #wantedWatches() {
    const all = Object.assign({}, ...this.#watchesByTab.values());
    return Object.fromEntries(Object.entries(all).slice(0, MAX_WATCHES));
  }

  /** Where to resume: the server takes several positions joined by commas, the lower number of a channel counts. */
  #joinPositions(wanted) {
    const added = Object.keys(wanted).filter((name) => !this.#watched.includes(name));
    return [this.#position, ...added.map((name) => wanted[name])].join(",");
  }

  /** Reopen with what the tabs want to see, unless the stream covers it; what nobody wants goes with the next reopening. */
  async #coverWatches() {
    await this.#forgetClosedTabs();
    const isCovered = Object.keys(this.#wantedWatches()).every((name) => this.#watched.includes(name));
    if (!isCovered) this.#reopenTimer ??= setTimeout(() => this.#open(), GATHER_WATCHES_MS);
  }

  /** A tab that crashed says no goodbye, but its lock is gone. */
  async #forgetClosedTabs() {
    if (!this.#channel) return;
    const held = new Set((await navigator.locks.query()).held.map((lock) => lock.name));
    for (const tab of this.#watchesByTab.keys()) {
      if (tab !== this.#tab && !held.has(`${this.#scope}:tab:${tab}`)) this.#watchesByTab.delete(tab);
    }
  }

  /** While the stream does not come up, ask what is wrong: rights that are gone will not come back by trying. */
  #scheduleProbe(delayMs) {
    clearTimeout(this.#probeTimer);
    this.#probeTimer = setTimeout(async () => {
      if (this.#stopped) return;
      const status = await this.#probe();
      if (this.#stopped || this.#status.state === "live") return;
      if (REFUSALS.has(status)) {
        this.stop();
        this.#onRefused(status);
        return;
      }
      this.#announce({ state: "reconnecting", degraded: false });
      this.#scheduleProbe(Math.min(MAX_PROBE_MS, Math.max(FIRST_PROBE_MS, delayMs * 2)));
    }, delayMs);
  }
}
