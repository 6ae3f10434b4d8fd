/** A scroller that stays at its end while the reader stands there, and keeps its place when rows come in above. */

const NEAR_END_PX = 80;
const NEAR_TOP_PX = 120;

export class EndScroller {
  #scroller;
  #staysAtEnd = true;

  /**
   * @param {HTMLElement} scroller holds the list
   * @param {{onEnd(): void, onTop(): void}} callbacks called when the reader comes near the end or the beginning
   */
  constructor(scroller, { onEnd, onTop }) {
    this.#scroller = scroller;
    scroller.addEventListener("scroll", () => {
      this.#staysAtEnd = this.isNearEnd;
      if (this.#staysAtEnd) onEnd();
      if (scroller.scrollTop < NEAR_TOP_PX) onTop();
    }, { passive: true });
    // A keyboard that opens, a composer that grows, a row whose height was only estimated: none hides the last message.
    const observer = new ResizeObserver(() => this.#staysAtEnd && this.toEnd());
    [scroller, ...scroller.children].forEach((part) => observer.observe(part));
  }

  get isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#staysAtEnd = true;
  }

  /** Keep what is seen where it is while `change` puts rows above it. */
  keepPlace(change) {
    const scroller = this.#scroller;
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    this.quietly(change);
    scroller.scrollTop = scroller.scrollHeight - fromEnd;
  }

  /** Change the list without a screen reader reading all of it out. */
  quietly(change) {
    this.#scroller.setAttribute("aria-live", "off");
    change();
    requestAnimationFrame(() => this.#scroller.setAttribute("aria-live", "polite"));
  }

  setBusy(isBusy) {
    if (isBusy) this.#scroller.setAttribute("aria-busy", "true");
    else this.#scroller.removeAttribute("aria-busy");
  }
}
