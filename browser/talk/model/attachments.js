/**
 * What is sent with a message: pictures, with a place of a fixed size so that nothing jumps, and other files.
 *
 * @typedef {{id: string | number, name: string, type: string, bytes: number, width: number | null, height: number | null,
 *   url: string, preview_url: string | null}} Attachment
 */

const FILE_MARK = "\u{1F4CE}";
const MAX_WIDTH = 320;
const MAX_HEIGHT = 240;

/** @param {Attachment} attachment */
export const isPicture = ({ type, preview_url: preview, width, height }) =>
  type.startsWith("image/") && Boolean(preview && width && height);

/** The size in which a picture is drawn: whole, never enlarged. @param {Attachment} attachment */
export function boxOf({ width, height }) {
  const [wide, high] = [width ?? 0, height ?? 0];
  const scale = Math.min(1, MAX_WIDTH / wide, MAX_HEIGHT / high);
  return { width: Math.max(1, Math.round(wide * scale)), height: Math.max(1, Math.round(high * scale)) };
}

/** What kind of file its name says, in capitals: PDF. @param {Attachment} attachment */
export function kindOf({ name }) {
  const extension = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1];
  return extension?.toUpperCase() ?? "";
}

/** What lists and notifications show of a message, as the server does: its words, and the names of its files.
 * @param {{content: string, attachments?: readonly Attachment[]}} message */
export function previewOf({ content, attachments = [] }) {
  const names = attachments.map(({ name }) => name).join(", ");
  return [content, names && `${FILE_MARK} ${names}`].filter(Boolean).join(" ");
}

/** A size as people read it: kilobytes, at least one, or megabytes. @param {number} bytes @param {string} language */
export function formatBytes(bytes, language) {
  const isLarge = bytes >= 1024 ** 2;
  const unit = isLarge ? "megabyte" : "kilobyte";
  const format = new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: isLarge ? 1 : 0 });
  return format.format(isLarge ? bytes / 1024 ** 2 : Math.max(1, bytes / 1024));
}
