/** How a page calls somebody who looks elsewhere: one tab for the whole browser, a dot on the page's icon, a sound. */

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

/** Play one short sound. Resolves to false if the browser refuses: it does until somebody has clicked or typed in the page.
 * Also where the sound cannot be had: it is loaded with the first call. */
export async function playSound() {
  const { play } = await import("./sound.js").catch(() => ({ play: () => false }));
  return play();
}
