import { ServerClock } from './clock.js';

const FRAME_MILLIS = 33;
const CALM_FRAME_MILLIS = 500;
// What the server tells, and what waits for the page's thread, comes a little later.
const BEHIND_MILLIS = 60;

/**
 * The time that all lanes show: it advances, or is frozen while the user inspects a line.
 */
export class Picture {
  #holders = new Set();
  #heldAt;
  #last = 0;
  #isCalm = matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {(time: {from: number, to: number}) => void} draw */
  constructor(draw) {
    this.draw = draw;
    this.spanMillis = 10_000;
    requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    const pause = this.#isCalm.matches ? CALM_FRAME_MILLIS : FRAME_MILLIS;
    if (performance.now() - this.#last >= pause - 4) {
      this.#last = performance.now();
      const to = this.#heldAt ?? ServerClock.now() - BEHIND_MILLIS;
      this.draw({ from: to - this.spanMillis, to });
    }
    requestAnimationFrame(() => this.#frame());
  }

  /** It is frozen while there is a hold. */
  hold(who) {
    this.#heldAt ??= ServerClock.now() - BEHIND_MILLIS;
    this.#holders.add(who);
  }

  release(who) {
    this.#holders.delete(who);
    if (this.#holders.size === 0) {
      this.#heldAt = undefined;
    }
  }
}
