/** A lane's counts, and what follows from them. */

/** Latencies and bytes a message are of this time; the rest is counted from the beginning. */
const RECENT_MILLIS = 60_000;

/** Of latencies the newest so many. */
const LATENCIES = 500;

/** @param {number[]} sorted */
function quantile(sorted, share) {
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] : NaN;
}

export class Figures {
  #now;
  #latencies = [];
  #second = [];
  /** @type {{at: number, messages: number, down: number, up: number}[]} one for each second */
  #recent = [];
  #awayFrom;

  /** @param {() => number} [now] in milliseconds, never backwards */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.reset();
  }

  /** Counts from here on. */
  reset() {
    Object.assign(this, {
      messages: 0, requests: 0, useless: 0, down: 0, up: 0, lost: 0, repeated: 0, gaps: 0,
      awayMillis: 0, isComputed: false,
    });
    this.anotherTransport();
    if (this.#awayFrom !== undefined) {
      this.#awayFrom = this.#now();
    }
  }

  /** What was measured of the one before says nothing of this one. */
  anotherTransport() {
    this.#latencies = [];
    this.#recent = [];
    this.isComputed = false;
  }

  /** @param {number} ms from the server's stamp until here */
  latency(ms) {
    this.#latencies.push({ at: this.#now(), ms });
    if (this.#latencies.length > LATENCIES) {
      this.#latencies.shift();
    }
    this.#second.push(ms);
  }

  get quantiles() {
    const since = this.#now() - RECENT_MILLIS;
    const sorted = this.#latencies.filter(({ at }) => at >= since).map(({ ms }) => ms).sort((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  }

  /** The median of what came since it was last asked. */
  takeSecond() {
    const median = quantile(this.#second.sort((a, b) => a - b), 0.5);
    this.#second = [];
    return median;
  }

  message() {
    this.messages++;
    this.#thisSecond.messages++;
  }

  /** @param {import('../js/wire.js').WireEvent} event */
  wire({ direction, kind, via, bytes, measured }) {
    if (direction === 'out') {
      this.up += bytes;
      this.#thisSecond.up += bytes;
      this.requests += via !== 'append' && ['request', 'held', 'upgrade'].includes(kind) ? 1 : 0;
    } else {
      this.down += bytes;
      this.#thisSecond.down += bytes;
      this.useless += kind === 'empty' ? 1 : 0;
    }
    this.isComputed ||= !measured;
  }

  get #thisSecond() {
    const now = this.#now();
    const last = this.#recent.at(-1);
    if (last && now - last.at < 1_000) {
      return last;
    }
    this.#recent = this.#recent.filter(({ at }) => at > now - RECENT_MILLIS);
    const second = { at: now, messages: 0, down: 0, up: 0 };
    this.#recent.push(second);
    return second;
  }

  /** Bytes for each message, lately; not a number where none came. */
  get each() {
    const since = this.#now() - RECENT_MILLIS;
    const recent = this.#recent.filter(({ at }) => at > since);
    const sum = (key) => recent.reduce((all, second) => all + second[key], 0);
    const messages = sum('messages') || NaN;
    return { down: sum('down') / messages, up: sum('up') / messages };
  }

  /** @param {boolean} isConnected from now */
  connected(isConnected) {
    if (isConnected && this.#awayFrom !== undefined) {
      this.awayMillis += this.#now() - this.#awayFrom;
      this.#awayFrom = undefined;
    } else if (!isConnected) {
      this.#awayFrom ??= this.#now();
    }
  }

  get away() {
    return this.awayMillis + (this.#awayFrom === undefined ? 0 : this.#now() - this.#awayFrom);
  }
}

/**
 * The figure of a transport: the mean of the lanes that use it. For the chart `null` is a hole, where no
 * lane used it, and `undefined` is none, where nothing came in that second.
 *
 * @param {number[]} figures one for each lane
 * @returns {number|null|undefined}
 */
export function ofTransport(figures) {
  const known = figures.filter(Number.isFinite);
  if (figures.length === 0) {
    return null;
  }
  return known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : undefined;
}
