/**
 * The server's clock against this one, from round trips (as NTP does): the server's stamp lies
 * somewhere between asking and hearing, and nearest to the middle where that was quickest.
 */
const KEPT = 12;

export class ServerClock {
  #samples = [];

  /** Milliseconds since 1970 by this page's steady clock. */
  static now() {
    return performance.timeOrigin + performance.now();
  }

  /**
   * @param {() => Promise<number>} ask the server's time, in milliseconds since 1970
   */
  async sample(ask) {
    const asked = ServerClock.now();
    const server = await ask();
    const heard = ServerClock.now();
    this.#samples.push({ trip: heard - asked, offset: server - (asked + heard) / 2 });
    if (this.#samples.length > KEPT) {
      this.#samples.shift();
    }
  }

  get #best() {
    return this.#samples.reduce((best, one) => (one.trip < best.trip ? one : best), {
      trip: Infinity, offset: 0,
    });
  }

  get isKnown() {
    return this.#samples.length > 0;
  }

  /** By how much the server is ahead, in milliseconds. */
  get offset() {
    return this.#best.offset;
  }

  /** The quickest round trip, in milliseconds. The offset is wrong by half of it at the most. */
  get trip() {
    return this.isKnown ? this.#best.trip : 0;
  }

  /** A server's stamp as this page's time. */
  local(server) {
    return server - this.offset;
  }
}
