/** All conversations: fetched when the tab is opened or the search changes; what the store knows of them stays live. */

import { callApi } from "../browser/net/http.js";
import { byId } from "../browser/kit/page.js";
import { mountList } from "./views/inbox.js";

const SEARCH_DELAY_MS = 250;

export class Search {
  #store;
  #next = null;
  #query = "";
  #timer = null;
  #onError;

  constructor(store, { limits, onError }) {
    this.#store = store;
    this.#onError = onError;
    mountList(byId("found"), store.found, { store, limits });
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

  async #fetch(before) {
    const query = this.#query;
    const paging = before ? `${query && "&"}before=${encodeURIComponent(before)}` : "";
    try {
      const { items, next } = await callApi("GET", `/api/sessions?${query}${paging}`);
      if (query !== this.#query) return; // the search changed meanwhile
      items.forEach((item) => this.#store.takeSession(item));
      const names = items.map(({ session_name: name }) => name);
      this.#store.foundNames.value = [...new Set(before ? [...this.#store.foundNames.peek(), ...names] : names)];
      this.#next = next;
      byId("found-more").hidden = !next;
      byId("found-empty").hidden = this.#store.foundNames.peek().length > 0;
    } catch (error) {
      this.#onError(error);
    }
  }
}
