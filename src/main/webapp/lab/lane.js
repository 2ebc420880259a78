import { ServerClock } from './clock.js';
import { kept } from './exchanges.js';
import { Figures } from './figures.js';
import { nextOf } from './transports.js';

const KEPT_MILLIS = 40_000;
const MAX_EVENTS = 4_000;
const TRIM_MILLIS = 10_000;
const MAX_ARRIVALS = 1_500;
const STALL_SECONDS = 10;

/**
 * One reader of the lab's channel, by one transport at a time; what happens goes to the store under
 * its key. Events: `message` with what came, `gap`, `appended`.
 */
export class Lane extends EventTarget {
  #store;
  #bench;
  #worker;
  #pending = new Map();
  #lastId = 0;
  #runs = 0;
  #newest = 0;
  #leftAt;
  #stalledAt;
  #trimmedAt = 0;

  /**
   * @param {import('./store.js').Store} store
   * @param {string} key one of the transports: that with which it begins
   * @param {object} bench what all lanes share: `url`, `quiet`, `offset`, `page`, `clock`, `options`
   */
  constructor(store, key, bench) {
    super();
    this.#store = store;
    this.#bench = bench;
    this.key = key;
    this.figures = new Figures();
    /** What went over the wire, oldest first. */
    this.events = [];
    /** When messages came to be, and when they came here. */
    this.arrivals = [];
    /** What the server did to the peer that vanished, step by step. */
    this.trail = [];
    store.update(key, { transport: key, state: 'connecting', offset: bench.offset, note: null });
  }

  get state() {
    return this.#store.get(this.key);
  }

  /** The name under which the server tells what it does to this lane's connection. */
  get label() {
    return `${this.#bench.page}-${this.key}-${this.#runs}`;
  }

  /** The name of the peer that stands in for this lane when it vanishes. */
  get standIn() {
    return `${this.#bench.page}-${this.key}-gone`;
  }

  /** Connects, at its offset. */
  start() {
    this.#worker = new Worker(new URL('./lane-worker.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }) => this.#heard(data);
    this.figures.connected(false);
    this.#store.update(this.key, { state: 'connecting' });
    this.#begin();
  }

  // A worker that is there closes what it has and goes on at its own offset.
  #begin() {
    this.#runs++;
    const { url, options } = this.#bench;
    this.#worker.postMessage({
      kind: 'begin',
      transport: this.state.transport,
      url: `${url}?watch=${this.label}`,
      offset: this.state.offset,
      options: options(),
    });
  }

  /** Connects again with the current options. */
  restart() {
    if (this.#worker) {
      this.#begin();
    }
  }

  /** Breaks the connection, without a word to the server. */
  cut() {
    this.#worker.terminate();
    this.#worker = undefined;
    this.#stalledAt = undefined;
    this.#leftAt = performance.now();
    this.#pending.forEach(({ reject }) => reject({ isCut: true }));
    this.#pending.clear();
    this.figures.connected(false);
    this.#add({ at: ServerClock.now(), direction: 'out', kind: 'cut', id: 0, via: this.state.transport, line: '', bytes: 0, bodyBytes: 0, measured: true });
    const key = this.state.transport === 'webSocket' ? 'note.cut.webSocket' : 'note.cut';
    this.#store.update(this.key, { state: 'cut', note: { key } });
  }

  get isCut() {
    return this.#worker === undefined;
  }

  /** Reads nothing for some seconds. */
  async stall() {
    try {
      await this.#bench.beforeStall();
    } catch (problem) {
      this.note({ key: 'note.failed', problem: problem.document ?? {} });
      return;
    }
    if (!this.#worker) {
      return;
    }
    this.#stalledAt = performance.now();
    this.#worker.postMessage({ kind: 'stall', url: this.#bench.quiet, seconds: STALL_SECONDS });
    // What it means is said once.
    const key = this.#bench.isStallExplained ? 'note.stalledToo' : 'note.stalled';
    this.#bench.isStallExplained = true;
    this.#store.update(this.key, {
      state: 'stalled', note: { key, values: { seconds: STALL_SECONDS } },
    });
  }

  /** Goes on by the next transport. */
  hop() {
    const transport = nextOf(this.state.transport);
    this.figures.anotherTransport();
    this.#store.update(this.key, { transport, note: { key: 'note.hop', transport } });
    this.restart();
  }

  /** @returns {Promise<string>} the offset behind the message */
  append(message) {
    return new Promise((resolve, reject) => {
      if (!this.#worker) {
        reject({ isCut: true });
        return;
      }
      const id = ++this.#lastId;
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ kind: 'append', id, message });
    });
  }

  /** What the server tells of this lane's connection, or of its stand-in. */
  told({ at, label, saw, why }) {
    const isStandIn = label === this.standIn;
    if (!isStandIn && !label.startsWith(`${this.#bench.page}-${this.key}-`)) {
      return;
    }
    if (!isStandIn && (saw === 'opened' || (saw === 'ended' && !this.isCut))) {
      return; // the lane's own wire shows it
    }
    const direction = saw === 'pong' ? 'out' : 'in';
    this.#add({ at: this.#bench.clock.local(at), direction, kind: saw, id: 0, via: this.state.transport, line: '', why, told: true, isStandIn, bytes: 0, bodyBytes: 0, measured: true });
  }

  note(note) {
    this.#store.update(this.key, { note });
  }

  #add(event) {
    this.events.push(event);
    const now = ServerClock.now();
    if (this.events.length > 2 * MAX_EVENTS || now - this.#trimmedAt > TRIM_MILLIS) {
      this.#trimmedAt = now;
      this.events = kept(this.events, now - KEPT_MILLIS, MAX_EVENTS);
    }
  }

  #heard(data) {
    this[`_${data.kind}`](data);
  }

  _wire({ event }) {
    this.figures.wire(event);
    this.#add(event);
  }

  _status({ status, problem }) {
    this.figures.connected(status === 'live');
    const state = this.#stalledAt === undefined ? status : 'stalled';
    this.#store.update(this.key, status === 'closed' && problem
      ? { state, note: { key: 'note.problem', problem } }
      : { state });
  }

  _batch({ at, messages, next, reset }) {
    this.#store.update(this.key, { offset: next });
    if (reset) {
      this.figures.gaps++;
      this.#newest = 0;
      const key = reset.reason === 'trimmed' ? 'note.gap' : 'note.gapEpoch';
      this.note({ key, values: { missed: reset.missed ?? '?' } });
      this.dispatchEvent(new CustomEvent('gap', { detail: reset }));
    }
    messages.forEach((message) => this.#message(message, at));
    if (this.#leftAt !== undefined && messages.length) {
      const seconds = Math.round((performance.now() - this.#leftAt) / 1000);
      this.#leftAt = undefined;
      if (!reset) {
        this.note({ key: 'note.back', values: { seconds, count: messages.length } });
      }
    }
  }

  #message(message, at) {
    this.figures.message();
    const { n, sent } = message ?? {};
    if (Number.isFinite(n)) {
      // Numbered consecutively by the server, which shows missing and repeated messages.
      if (this.#newest && n <= this.#newest) {
        this.figures.repeated++;
      } else if (this.#newest) {
        this.figures.lost += n - this.#newest - 1;
      }
      this.#newest = Math.max(this.#newest, n);
    }
    const stamp = sent ?? Date.parse(message?.time);
    if (Number.isFinite(stamp)) {
      const born = this.#bench.clock.local(stamp);
      this.figures.latency(ServerClock.now() - born);
      this.arrivals.push({ born, at });
      if (this.arrivals.length > 2 * MAX_ARRIVALS) {
        this.arrivals = this.arrivals.slice(-MAX_ARRIVALS);
      }
    }
    this.dispatchEvent(new CustomEvent('message', { detail: { message, at, n, stamp } }));
  }

  /** The number of the newest message, where they are numbered. */
  get newest() {
    return this.#newest;
  }

  _appended({ id, next, problem }) {
    const { resolve, reject } = this.#pending.get(id);
    this.#pending.delete(id);
    if (problem) {
      reject({ problem });
    } else {
      resolve(next);
    }
  }

  _resumed({ seconds }) {
    this.#stalledAt = undefined;
    this.#store.update(this.key, {
      state: 'live', note: { key: 'note.resumed', values: { seconds: Math.round(seconds) } },
    });
  }
}
