/** A lane's counts, and what follows from them. */

const LATENCIES = 500;

/** @param {number[]} sorted */
function quantile(sorted, share) {
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] : NaN;
}

export class Figures {
  #latencies = [];
  #second = [];
  #awayFrom;

  constructor() {
    this.reset();
  }

  /** Counts from here on. */
  reset() {
    Object.assign(this, {
      messages: 0, requests: 0, useless: 0, down: 0, up: 0, lost: 0, repeated: 0, gaps: 0,
      awayMillis: 0, isComputed: false,
    });
    this.#latencies = [];
    if (this.#awayFrom !== undefined) {
      this.#awayFrom = performance.now();
    }
  }

  /** @param {number} ms from the server's stamp until here */
  latency(ms) {
    this.#latencies.push(ms);
    if (this.#latencies.length > LATENCIES) {
      this.#latencies.shift();
    }
    this.#second.push(ms);
  }

  get quantiles() {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  }

  /** The median of what came since it was last asked. */
  takeSecond() {
    const median = quantile(this.#second.sort((a, b) => a - b), 0.5);
    this.#second = [];
    return median;
  }

  /** @param {import('../js/wire.js').WireEvent} event */
  wire({ direction, kind, via, bytes, measured }) {
    if (direction === 'out') {
      this.up += bytes;
      this.requests += via !== 'append' && ['request', 'held', 'upgrade'].includes(kind) ? 1 : 0;
    } else {
      this.down += bytes;
      this.useless += kind === 'empty' ? 1 : 0;
    }
    this.isComputed ||= !measured;
  }

  /** @param {boolean} isConnected from now */
  connected(isConnected) {
    if (isConnected && this.#awayFrom !== undefined) {
      this.awayMillis += performance.now() - this.#awayFrom;
      this.#awayFrom = undefined;
    } else if (!isConnected) {
      this.#awayFrom ??= performance.now();
    }
  }

  get away() {
    return this.awayMillis + (this.#awayFrom === undefined ? 0 : performance.now() - this.#awayFrom);
  }
}
