/** How a page calls somebody who looks elsewhere: one tab for the whole browser, a dot on the page's icon, a sound. */

const TONES = [[659, 0], [880, 0.13]]; // quiet enough for an office; hertz, seconds from the start
const LENGTH_SECONDS = 0.28;
const VOLUME = 0.12;
const WAIT_FOR_BROWSER_MS = 2000; // its first sound starts a process; a call that comes later than this says nothing

/** The tab that was looked at last calls for all tabs of the browser; when it closes, another one does. */
export class CallingTab {
  calls = false;
  #lock;

  /** @param {string} lock the name of a Web Lock that all these tabs share */
  constructor(lock) {
    this.#lock = lock;
    window.addEventListener("focus", () => this.#lead({ steal: true }));
    this.#lead(document.hasFocus() ? { steal: true } : {});
  }

  #lead(options) {
    if (this.calls) return;
    if (!navigator.locks) {
      this.calls = true;
      return;
    }
    const held = () => {
      this.calls = true;
      return new Promise(() => {}); // until it is stolen or the page goes
    };
    navigator.locks.request(this.#lock, options, held).catch(() => {
      this.calls = false;
      this.#lead({});
    });
  }
}

/** A function that puts a dot of a colour on the page's icon, or with "" takes it away. */
export async function drawIcon() {
  const link = document.querySelector("link[rel=icon]");
  const plain = link.href;
  const drawing = await fetch(plain).then((answer) => answer.text()).catch(() => "");
  return (colour) => { link.href = colour && drawing ? withDot(drawing, colour) : plain; };
}

const withDot = (drawing, colour) => `data:image/svg+xml,${encodeURIComponent(
  drawing.replace("</svg>", `<circle cx="74%" cy="26%" r="24%" fill="${colour}" stroke="#fff" stroke-width="6%"/></svg>`),
)}`;

/** @type {AudioContext | null} */
let context = null;

/** Play one short sound. Resolves to false if the browser refuses: it does until somebody has clicked or typed in the page. */
export async function playSound() {
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
