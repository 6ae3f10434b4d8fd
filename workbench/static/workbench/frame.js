/** The page around the lists and the conversation: tabs, panes, buttons, keys, errors, and where focus goes. */

import { STATUS } from "../browser/talk/conversation.js";
import { callApi } from "../browser/net/http.js";
import { ask } from "../browser/kit/dialog.js";
import { byId } from "../browser/kit/page.js";
import { fill, initials } from "../browser/kit/text.js";
import { effect } from "../browser/kit/ui.js";
import { mountCalm } from "./views/calm.js";
import { mountToast } from "./views/toast.js";

const ERROR_MS = 8000;
const DRAWN_MS = 60; // views have been drawn by then
const TYPING = "input, textarea, select, [contenteditable], emoji-picker";

export class Frame {
  #store;
  #conversation;
  #search;
  #actions;
  #toast;
  #errorTimer = null;
  #lastFocused = null;

  /** @param parts {conversation, search, actions} of the page */
  constructor(config, store, { conversation, search, actions }) {
    this.#store = store;
    this.#conversation = conversation;
    this.#search = search;
    this.#actions = actions;
    this.#toast = mountToast(store);
    byId("agent-avatar").textContent = initials(config.agent.name);
    this.#listenToButtons();
    this.#listenToTabs();
    this.#listenToKeys();
    this.#listenToAccount();
    this.#keepFocus();
    keepPlace(document.querySelector(".mine"), document.querySelector(".wait"), this.#store.queue.rows);
    window.addEventListener("hashchange", () => this.followAddress());
    mountCalm(store, (since) => callApi("GET", `/api/today?since=${encodeURIComponent(since.toISOString())}`));
  }

  /** The address says what is open, so that a reload, a link and the back button work. */
  followAddress() {
    const name = decodeURIComponent(location.hash.replace(/^#\//, ""));
    byId("panes").dataset.view = name ? "conversation" : "list";
    if (matchMedia("(max-width: 1160px)").matches) this.#showDetails(false);
    if (name) this.#conversation.open(name);
    else this.#conversation.close();
    if (this.#isQueueInView()) this.#toast.clear();
  }

  /** Say that a customer waits, if the queue does not show it anyway. */
  announceWaiting(name) {
    if (!this.#isQueueInView()) this.#toast.announce(name);
  }

  showError(error) {
    if (error.status === 401) {
      this.goToLogin();
      return;
    }
    clearTimeout(this.#errorTimer);
    byId("error").hidden = false;
    byId("error").textContent = error.code === "CSRF_FAILED" ? gettext("Please reload the page.") : error.message;
    this.#errorTimer = setTimeout(() => { byId("error").hidden = true; }, ERROR_MS);
  }

  goToLogin() {
    location.assign(`/login/?next=${encodeURIComponent(location.pathname)}`);
  }

  #isQueueInView() {
    return byId("queue").getClientRects().length > 0 && !byId("inbox").hidden;
  }

  #listenToButtons() {
    const nameOfOpen = () => this.#conversation.name;
    byId("take-next").addEventListener("click", () => this.#actions.takeNext());
    byId("takeover").addEventListener("click", () => {
      const { status } = this.#conversation.session;
      const body = { [STATUS.live]: { force: true }, [STATUS.bot]: { from_bot: true } }[status];
      this.#actions.takeOver(nameOfOpen(), body);
    });
    byId("hold").addEventListener("click", () => this.#actions.hold(nameOfOpen(), !this.#conversation.session.on_hold));
    byId("hold-until").addEventListener("click", () => this.#actions.askUntilWhen(this.#conversation.session));
    byId("requeue").addEventListener("click", () => this.#actions.requeue(nameOfOpen()));
    for (const action of ["release", "close"]) {
      byId(action).addEventListener("click", () => {
        this.#actions.leave(nameOfOpen(), action);
        requestAnimationFrame(() => byId("undo-button")?.focus());
      });
    }
    byId("details-toggle").addEventListener("click", () => this.#showDetails(!this.#areDetailsShown()));
    const closeDetails = () => {
      this.#showDetails(false);
      byId("details-toggle").focus();
    };
    byId("details-close").addEventListener("click", closeDetails);
    byId("details").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && byId("details-close").checkVisibility()) closeDetails();
    });
    effect(() => { byId("take-next").disabled = this.#store.waitingCount.value === 0; });
  }

  #areDetailsShown() {
    return byId("details").getClientRects().length > 0;
  }

  #showDetails(isShown) {
    byId("panes").classList.toggle("with-details", isShown);
    byId("panes").classList.toggle("without-details", !isShown);
    byId("details-toggle").setAttribute("aria-expanded", String(isShown));
  }

  #listenToTabs() {
    for (const tab of document.querySelectorAll("[role=tab]")) {
      tab.addEventListener("click", () => this.#chooseTab(tab));
      tab.addEventListener("keydown", ({ key }) => {
        if (key !== "ArrowLeft" && key !== "ArrowRight") return;
        this.#chooseTab(document.querySelector("[role=tab][aria-selected=false]"));
      });
    }
    byId("details-toggle").setAttribute("aria-expanded", String(this.#areDetailsShown()));
  }

  #chooseTab(tab) {
    for (const each of document.querySelectorAll("[role=tab]")) {
      const isChosen = each === tab;
      each.setAttribute("aria-selected", String(isChosen));
      each.tabIndex = isChosen ? 0 : -1;
      byId(each.getAttribute("aria-controls")).hidden = !isChosen;
    }
    tab.focus();
    if (matchMedia("(max-width: 760px)").matches) location.hash = "#/";
    if (tab.id === "tab-all") this.#search.start();
    else this.#toast.clear();
  }

  /** N takes the next customer, unless something is being written. */
  #listenToKeys() {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
      if (event.key.toLowerCase() !== "n" || event.target.matches(TYPING) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      this.#actions.takeNext();
    });
  }

  #listenToAccount() {
    document.addEventListener("click", ({ target }) => {
      const account = document.querySelector(".account");
      if (!account.contains(target)) account.open = false;
    });
    document.querySelector(".language").addEventListener("formdata", ({ formData }) => {
      formData.set("next", location.pathname + location.hash); // the server does not see what is open
    });
    byId("logout").addEventListener("submit", (event) => {
      const open = this.#store.mine.rows.peek().length;
      if (open === 0) return;
      event.preventDefault();
      this.#askBeforeLogout(open);
    });
  }

  async #askBeforeLogout(open) {
    const text = ngettext("%(count)s conversation is with you. Another agent can take it from the queue.",
      "%(count)s conversations are with you. Other agents can take them from the queue.", open);
    byId("logout-dialog-text").textContent = fill(text, { count: open });
    const answer = await ask(byId("logout-dialog"));
    if (answer === "no") return;
    await this.#actions.finish();
    if (answer === "requeue") await this.#actions.requeueAll();
    byId("logout").submit();
  }

  /** What had focus and is gone, or cannot have it any more, leaves it to the reply, a list or the next button. */
  #keepFocus() {
    document.addEventListener("focusin", ({ target }) => { this.#lastFocused = target; });
    const settle = () => {
      const gone = this.#lastFocused;
      const isLost = document.activeElement === document.body && gone;
      if (!isLost || (gone.isConnected && gone.getClientRects().length > 0 && !gone.disabled)) return;
      const places = ["#text", "#takeover", "#open-name", "#mine .row-link", "#queue .row-link", "#take-next", '[role=tab][tabindex="0"]'];
      places.map((place) => document.querySelector(place))
        .find((node) => node && node.getClientRects().length > 0 && !node.disabled)?.focus({ preventScroll: true });
    };
    const settleSoon = () => setTimeout(settle, DRAWN_MS);
    document.addEventListener("click", settleSoon);
    effect(() => {
      void [this.#store.board.value, this.#store.leaving.value, this.#actions.pending.value];
      settleSoon();
    });
  }
}

/** While somebody points at the lower list the upper one keeps its height: what is clicked does not move away. */
function keepPlace(upper, lower, rowsOfLower) {
  lower.addEventListener("pointerenter", ({ pointerType }) => {
    if (pointerType === "mouse") upper.style.flex = `0 0 ${upper.offsetHeight}px`;
  });
  const letGo = () => { upper.style.flex = ""; };
  lower.addEventListener("pointerleave", letGo);
  effect(() => {
    if (rowsOfLower.value.length === 0) letGo(); // there is nothing to click
  });
}
