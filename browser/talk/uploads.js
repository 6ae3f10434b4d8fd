/** The files of one conversation's next message: sends them while it is written, two at a time. */

import { makeId } from "../kit/ids.js";
import { signal } from "../kit/ui.js";
import { unreachable } from "../net/http.js";
import {
  begin, EMPTY_TRAY, isBusy, nextOf, progress, putBack, remove, retry, storedIn, takeChosen, takeFault, takeOut, takeStored,
} from "./model/uploads.js";

export class Uploads {
  tray = signal(EMPTY_TRAY);
  #files = new Map();
  #aborts = new Map();
  #pathOf;

  /** @param limits {maxBytes, types} @param pathOf resolves to where files are posted: it may have to be made first */
  constructor(limits, pathOf) {
    this.limits = limits;
    this.#pathOf = pathOf;
  }

  get isBusy() {
    return isBusy(this.tray.value);
  }

  get stored() {
    return storedIn(this.tray.value);
  }

  /** Take files that were chosen, dropped or pasted. */
  add(files) {
    const chosen = [...files].map((file) => ({ key: makeId(), name: file.name, bytes: file.size, file }));
    const described = chosen.map(({ key, name, bytes }) => ({ key, name, bytes }));
    chosen.forEach(({ key, file }) => this.#files.set(key, file));
    this.#set(takeChosen(this.tray.peek(), described, this.limits));
  }

  /** Of a message that was taken back. */
  putBack(attachments) {
    this.#set(putBack(this.tray.peek(), attachments));
  }

  retry(key) {
    this.#set(retry(this.tray.peek(), key));
  }

  /** Stop sending it, or leave it out. */
  remove(key) {
    this.#set(remove(this.tray.peek(), key));
    this.#aborts.get(key)?.abort();
  }

  /** The attachments of the message that is sent now. */
  takeOut() {
    const { attachments, rest } = takeOut(this.tray.peek());
    this.#set(rest);
    return attachments;
  }

  clear() {
    this.tray.peek().uploads.forEach(({ key }) => this.remove(key));
  }

  #set(tray) {
    this.tray.value = tray;
    const keys = new Set(tray.uploads.map(({ key }) => key));
    [...this.#files.keys()].filter((key) => !keys.has(key)).forEach((key) => this.#files.delete(key));
    nextOf(tray).forEach((key) => this.#send(key));
  }

  async #send(key) {
    const file = this.#files.get(key);
    const abort = new AbortController();
    this.#aborts.set(key, abort);
    this.tray.value = begin(this.tray.peek(), key);
    try {
      const { uploadFile } = await import("../net/upload.js").catch(() => { throw unreachable(); });
      const path = await this.#pathOf();
      if (abort.signal.aborted) return;
      const onProgress = (sent) => { this.tray.value = progress(this.tray.peek(), key, sent); };
      const attachment = await uploadFile(path, file, { signal: abort.signal, onProgress });
      this.#set(takeStored(this.tray.peek(), key, attachment));
    } catch (error) {
      this.#set(takeFault(this.tray.peek(), key, error));
    } finally {
      this.#aborts.delete(key);
    }
  }
}
