import { backoff } from './retry.js';

/** @typedef {import('./transport.js').Transport} Transport */

/** A transport that worked for this time counts as working. */
const SETTLED_MILLIS = 5_000;

/** Number of short connections in a row before another transport is used. */
const MAX_SHORT_LIVES = 2;

/** Maximum number of doublings of the upgrade interval. */
const MAX_DOUBLINGS = 4;

/**
 * Selects the next transport: a less preferred one if one does not work, a preferred one again later.
 *
 * Where none works, the server or the network is away. Then only the last is tried, because it needs
 * least of what is between; when it is answered, the others are tried again at once.
 */
export class Ladder {
  #transports;
  #climbMillis;
  #backoff;
  #index = 0;
  #shortLives = 0;
  #doublings = 0;
  #climbAt = Infinity;

  /**
   * @param {Transport[]} transports best first, at least one
   * @param {{upgradeInterval: number, first: number, max: number}} times in milliseconds
   */
  constructor(transports, { upgradeInterval, first, max }) {
    this.#transports = transports;
    this.#climbMillis = upgradeInterval;
    this.#backoff = backoff(first, max);
  }

  get current() {
    return this.#transports[this.#index];
  }

  /** Those that would be better, best first. */
  get better() {
    return this.#transports.slice(0, this.#index);
  }

  /** How long until a better one is to be tried. */
  get climbInMillis() {
    return this.#climbAt - performance.now();
  }

  /** @param {Transport} [better] one that works; none where none does */
  climb(better) {
    if (better) {
      this.#index = this.#transports.indexOf(better);
      this.#shortLives = 0;
    }
    // Also then: until it has proved good for some time, it may fail again at once.
    this.#doublings = Math.min(this.#doublings + 1, MAX_DOUBLINGS);
    this.#climbLater();
  }

  #climbLater() {
    const millis = this.#climbMillis * 2 ** this.#doublings;
    this.#climbAt = performance.now() + millis * (0.5 + Math.random() / 2);
  }

  /**
   * The current one ended.
   *
   * @param {{received: boolean, brought: boolean, isSilent: boolean, livedMillis: number}} how
   *     `received` anything, `brought` messages; `isSilent`: that was how it ended
   * @returns {number} how many milliseconds to wait before the next
   */
  ended({ received, brought, isSilent, livedMillis }) {
    const isSettled = received && livedMillis >= SETTLED_MILLIS;
    if (isSettled || brought) {
      this.#backoff.reset();
    }
    if (isSettled && this.#index === 0) {
      this.#doublings = 0;
    }
    this.#shortLives = isSettled || brought ? 0 : this.#shortLives + 1;
    if (received && !isSilent && this.#shortLives < MAX_SHORT_LIVES) {
      return this.#backoff.next();
    }
    return this.#stepDown();
  }

  /** Something changed: a transport that failed before may work now. */
  fresh() {
    this.#backoff.reset();
  }

  /** How many milliseconds to wait where it was not the transport's fault. */
  again() {
    return this.#backoff.next();
  }

  #stepDown() {
    this.#shortLives = 0;
    if (this.#index === this.#transports.length - 1) {
      this.#climbAt = 0; // none works: as soon as this one does, so may the others
      return this.#backoff.next();
    }
    this.#index++;
    this.#climbLater();
    return 0;
  }
}
