/**
 * A conversation as a text, for an agent's ticket or mail.
 *
 * @typedef {{at: string, name: string, text: string, files: readonly string[]}} Entry a system line has no name
 */

const FILE_MARK = "\u{1F4CE}";

/** The words of an entry, and the names of its files, one a line. @param {Entry} entry */
export const linesOf = ({ text, files }) => [...(text ? text.split("\n") : []), ...files.map((name) => `${FILE_MARK} ${name}`)];

/** @param {readonly string[]} heading @param {readonly Entry[]} entries
 * @param {(at: string) => string} formatTime @returns {string} */
export function asText(heading, entries, formatTime) {
  const lines = entries.map((entry) => {
    const words = linesOf(entry).join("\n");
    return `[${formatTime(entry.at)}] ${entry.name ? `${entry.name}: ${words}` : words}`;
  });
  return `${[heading.join("\n"), lines.join("\n")].join("\n\n")}\n`;
}
