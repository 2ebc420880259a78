const KEPT_MILLIS = 40_000;

/** The times of the lab's messages by this page's clock; each once, from any lane. */
export class Births {
  #known = new Map();

  /**
   * @param {number} n the message's number
   * @param {number} at
   */
  add(n, at) {
    if (this.#known.has(n)) {
      return;
    }
    this.#known.set(n, at);
    for (const [old, then] of this.#known) {
      if (then > at - KEPT_MILLIS && this.#known.size < 2_000) {
        break;
      }
      this.#known.delete(old);
    }
  }

  get times() {
    return [...this.#known.values()];
  }
}
