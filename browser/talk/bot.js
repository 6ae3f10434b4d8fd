/** What belongs to the bot's messages beside their words; loaded when a conversation is there. */

import { loadStyles } from "../kit/styles.js";
import { makeSaid } from "./views/reply.js";

/** Resolves when what is drawn of it has its styles. */
export const loadBotStyles = () => loadStyles(new URL("reply.css", import.meta.url));

/** For who reads along: sources and offers as text. @param transcript of the page @param more what else extends it */
export async function readBot(transcript, more) {
  await loadBotStyles();
  transcript.extend({ Said: makeSaid(transcript), ...more });
}
