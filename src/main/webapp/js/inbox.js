import { Problem } from './problem.js';

/** @typedef {import('./transport.js').Reading & {closed?: boolean}} Frame */

/** The reader takes what comes more slowly than it comes. */
export class Overflow extends Problem {}

const MAX_LENGTH = 1 << 20;

/**
 * Frames of a WebSocket that were not read yet. A page cannot pause a WebSocket, so the size is limited:
 * above the limit the connection ends, the reader reads these frames and reconnects from there.
 */
export class Inbox {
  /** @type {{frame: Frame, length: number}[]} */
  #frames = [];
  #length = 0;
  /** @type {Problem|undefined} */
  #end;
  /** @type {((frame: Promise<Frame>) => void)|undefined} */
  #wake;

  /**
   * @param {Frame} frame
   * @param {number} length roughly what it occupies
   * @returns {boolean} whether there is room for another
   */
  put(frame, length) {
    if (this.#end) {
      return true; // what comes after the end is not wanted
    }
    const last = this.#frames.at(-1);
    if (last && isEmpty(frame) && isEmpty(last.frame)) {
      last.frame = frame; // of heartbeats only the last says anything
    } else {
      this.#frames.push({ frame, length });
      this.#length += length;
    }
    this.#give();
    if (this.#length > MAX_LENGTH) {
      this.end(new Overflow({ title: 'Messages arrive faster than they are read' }));
      return false;
    }
    return true;
  }

  /**
   * Nothing more comes. What is here is given out before.
   *
   * @param {Problem} problem
   */
  end(problem) {
    this.#end ??= problem;
    this.#give();
  }

  /**
   * The next, when it is there. One caller at a time.
   *
   * @returns {Promise<Frame>}
   */
  take() {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#give();
    });
  }

  #give() {
    if (!this.#wake) {
      return;
    }
    const first = this.#frames.shift();
    if (first) {
      this.#length -= first.length;
      this.#wake(Promise.resolve(first.frame));
    } else if (this.#end) {
      this.#wake(Promise.reject(this.#end));
    } else {
      return;
    }
    this.#wake = undefined;
  }
}

/** @param {Frame} frame */
function isEmpty({ messages, reset, closed }) {
  return messages.length === 0 && !reset && !closed;
}
