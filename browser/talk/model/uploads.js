/**
 * The files that go along with the next message, as values: each from its choice to what the server has stored of it.
 *
 * @import { Attachment } from "./attachments.js"
 * @typedef {"queued" | "sending" | "stored" | "failed" | "refused"} State failed: the same may succeed later
 * @typedef {"" | "size" | "type" | "server"} Problem
 * @typedef {{key: string, name: string, bytes: number, state: State, sent: number, problem: Problem, reason: string,
 *   attachment: Attachment | null}} Upload `sent` is the part of its bytes, 0 to 1
 * @typedef {{uploads: readonly Upload[], isOver: boolean}} Tray isOver: more were chosen than go with one message
 * @typedef {{maxBytes: number, types: readonly string[]}} Limits types are extensions, without the point
 * @typedef {{key: string, name: string, bytes: number}} Chosen
 */

export const MAX_FILES = 10;
const AT_ONCE = 2; // more would only share the same line, and each is looked into by a process of its own
/** @type {Record<string, string>} */
const PICTURE_TYPES = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", gif: "image/gif", webp: "image/webp" };

/** @type {Tray} */
export const EMPTY_TRAY = Object.freeze({ uploads: [], isOver: false });

/** What an <input type="file"> is to offer: ".pdf,.jpg,image/jpeg". A phone offers its camera for a type, not for a name;
 * and of a type that is named, pictures are made that have another one. @param {Limits} limits */
export function acceptOf({ types }) {
  const pictures = types.flatMap((type) => PICTURE_TYPES[type] ?? []);
  return [...types.map((type) => `.${type}`), ...new Set(pictures)].join(",");
}

/** Take files that were chosen, in their order, as many as go with a message.
 * @param {Tray} tray @param {readonly Chosen[]} chosen @param {Limits} limits @returns {Tray} */
export function takeChosen({ uploads }, chosen, limits) {
  const fitting = chosen.slice(0, Math.max(0, MAX_FILES - uploads.length));
  const added = fitting.map((file) => {
    const problem = problemOf(file, limits);
    return { ...file, state: /** @type {State} */ (problem ? "refused" : "queued"), sent: 0, problem, reason: "", attachment: null };
  });
  return { uploads: [...uploads, ...added], isOver: fitting.length < chosen.length };
}

/** Put stored files back: their message was taken back before it was sent. Those that are there stay once.
 * @param {Tray} tray @param {readonly Attachment[]} attachments @returns {Tray} */
export function putBack({ uploads, isOver }, attachments) {
  const known = new Set(uploads.map(({ attachment }) => attachment?.id));
  /** @type {Upload[]} */
  const added = attachments.filter(({ id }) => !known.has(id)).map((attachment) => ({
    key: `stored:${attachment.id}`, name: attachment.name, bytes: attachment.bytes, state: "stored", sent: 1, problem: "",
    reason: "", attachment,
  }));
  return { uploads: [...added, ...uploads], isOver };
}

/** The keys of those whose turn it is. @param {Tray} tray @returns {string[]} */
export function nextOf({ uploads }) {
  const running = uploads.filter(({ state }) => state === "sending").length;
  return uploads.filter(({ state }) => state === "queued").slice(0, Math.max(0, AT_ONCE - running)).map(({ key }) => key);
}

/** @param {Tray} tray @param {string} key @returns {Tray} */
export const begin = (tray, key) => change(tray, key, ["queued"], { state: "sending", sent: 0 });

/** @param {Tray} tray @param {string} key @param {number} sent @returns {Tray} */
export function progress(tray, key, sent) {
  const known = tray.uploads.find((upload) => upload.key === key);
  return known && sent > known.sent ? change(tray, key, ["sending"], { sent: Math.min(1, sent) }) : tray;
}

/** @param {Tray} tray @param {string} key @param {Attachment} attachment @returns {Tray} */
export const takeStored = (tray, key, attachment) =>
  change(tray, key, ["sending"], { state: "stored", sent: 1, attachment, name: attachment.name, bytes: attachment.bytes });

/** It did not get through, or the server refused it, and said why. @param {Tray} tray @param {string} key
 * @param {{isPassing: boolean, message: string}} error @returns {Tray} */
export const takeFault = (tray, key, { isPassing, message }) =>
  change(tray, key, ["sending"], { state: isPassing ? "failed" : "refused", problem: "server", reason: message });

/** @param {Tray} tray @param {string} key @returns {Tray} */
export const retry = (tray, key) => change(tray, key, ["failed"], { state: "queued", problem: "", reason: "", sent: 0 });

/** @param {Tray} tray @param {string} key @returns {Tray} */
export const remove = ({ uploads }, key) => ({ uploads: uploads.filter((upload) => upload.key !== key), isOver: false });

/** What goes with the message, and the tray without it: what failed stays, so that nobody thinks that it went along.
 * @param {Tray} tray @returns {{attachments: Attachment[], rest: Tray}} */
export function takeOut({ uploads }) {
  const attachments = storedIn({ uploads });
  return { attachments, rest: { uploads: uploads.filter(({ attachment }) => !attachment), isOver: false } };
}

/** @param {Pick<Tray, "uploads">} tray @returns {Attachment[]} */
export const storedIn = ({ uploads }) => uploads.flatMap(({ attachment }) => (attachment ? [attachment] : []));

/** Whether the message has to wait for one. @param {Tray} tray */
export const isBusy = ({ uploads }) => uploads.some(({ state }) => state === "queued" || state === "sending");

/** @param {Chosen} file @param {Limits} limits @returns {Problem} */
function problemOf({ name, bytes }, { maxBytes, types }) {
  const extension = /\.([^.]+)$/.exec(name)?.[1].toLowerCase() ?? "";
  if (!types.includes(extension)) return "type";
  return bytes > maxBytes ? "size" : "";
}

/** A late answer changes nothing: the upload is gone, or begins again.
 * @param {Tray} tray @param {string} key @param {readonly State[]} from @param {Partial<Upload>} values @returns {Tray} */
function change(tray, key, from, values) {
  if (!tray.uploads.some((upload) => upload.key === key && from.includes(upload.state))) return tray;
  return { ...tray, uploads: tray.uploads.map((upload) => (upload.key === key ? { ...upload, ...values } : upload)) };
}
