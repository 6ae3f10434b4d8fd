/** The sound by which a page calls. */

const TONES = [[659, 0], [880, 0.13]]; // quiet enough for an office; hertz, seconds from the start
const LENGTH_SECONDS = 0.28;
const VOLUME = 0.12;
const WAIT_FOR_BROWSER_MS = 2000; // its first sound starts a process; a call that comes later than this says nothing

/** @type {AudioContext | null} */
let context = null;

/** Play it. Resolves to false if the browser refuses. */
export async function play() {
  if (!globalThis.AudioContext) return false;
  context ??= new AudioContext();
  const gaveUp = new Promise((resolve) => { setTimeout(resolve, WAIT_FOR_BROWSER_MS); });
  await Promise.race([context.resume(), gaveUp]); // which waits for ever where it is refused
  if (context.state !== "running") return false;
  for (const [frequency, delay] of TONES) playTone(context, frequency, context.currentTime + delay);
  return true;
}

/** @param {AudioContext} audio @param {number} frequency @param {number} start */
function playTone(audio, frequency, start) {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(VOLUME, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + LENGTH_SECONDS);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + LENGTH_SECONDS);
}
