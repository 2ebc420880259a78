import { post } from './append.js';
import { Ladder } from './ladder.js';
import { complete } from './options.js';
import { Problem } from './problem.js';
import { Reconnector } from './reconnect.js';

/**
 * @typedef {import('./options.js').Options} Options
 * @typedef {import('./transport.js').Transport} Transport
 * @typedef {import('./transport.js').TransportName} TransportName
 * @typedef {import('./transport.js').Reading} Reading
 * @typedef {import('./transport.js').Reset} Reset
 *
 * @typedef {'connecting'|'live'|'reconnecting'|'closed'} Status
 *   - `connecting`: nothing was received yet
 *   - `live`: something was received over the transport
 *   - `reconnecting`: it broke; the same or another one is tried
 *   - `closed`: by `close()`, because the channel is closed, or because of a problem that stays
 *
 * @typedef {{status: Status, transport: TransportName, problem?: Problem}} StatusDetail
 *
 * @typedef {{message: MessageEvent, status: CustomEvent<StatusDetail>,
 *     reset: CustomEvent<Reset & {next: string}>}} SubscriptionEvents
 */

/**
 * An offset that waits and moves: reads a channel over the best transport that works.
 *
 * Iterate it for its messages, in order; leaving the loop closes it. Or listen to its events:
 * - `message`: `event.data` is one message, `event.lastEventId` the offset after its batch
 * - `status`: `event.detail` has `status`, `transport` and, after an error, `problem`
 * - `reset`: messages are missing between those before and those after this event; `event.detail` has
 *   the `reason`, the number `missed` if it is known, and `next`, the offset where reading continues
 *
 * It does not queue without limit. Until the application iterates or listens to `message`, and while a
 * loop processes a batch, at most one other batch waits here: no poll is sent, no event stream is read.
 * A WebSocket cannot be paused; it is closed when 1 MiB waits, and opened again when that was read. All
 * continue from the offset. If the server no longer keeps the next messages, `reset` is dispatched.
 */
export class Subscription extends EventTarget {
  #call;
  #reconnector;
  #closing = new AbortController();
  /** Behind what was taken. */
  #offset;
  /** @type {Status} */
  #status = 'connecting';
  #isPaused = false;
  #isHeard = false;
  #isIterated = false;
  #isBusy = false;
  /** @type {{resolve: (reading?: Reading) => void, reject: (problem: Problem) => void}|undefined} */
  #asking;
  /** @type {Problem|undefined} */
  #problem;
  #changed = () => {};

  /**
   * @param {string|URL} url of the channel
   * @param {Transport[]} transports best first
   * @param {Options} options
   * @throws {TypeError|RangeError} that quotes the invalid value
   */
  constructor(url, transports, options) {
    super();
    const { call, offset, signal, times, transports: chosen } = complete(url, transports, options);
    this.#call = call;
    this.#offset = offset;
    this.#reconnector = new Reconnector(call, new Ladder(chosen, times), offset, {
      signal: this.#closing.signal,
      give: (reading) => this.#give(reading),
      say: (status, problem) => this.#say(status, problem),
    });
    signal?.addEventListener('abort', () => this.close(), { signal: this.#closing.signal });
    if (signal?.aborted) {
      this.close();
    }
    // Not before the caller could listen.
    queueMicrotask(() => this.#run());
  }

  /**
   * The current offset, for a later subscription. It changes once per batch: before the events of a
   * batch are dispatched, and when a loop gets the last message of a batch. A loop that ends in the
   * middle of a batch gets the whole batch again later; {@link batches} shows where batches end.
   */
  get offset() {
    return this.#offset;
  }

  get status() {
    return this.#status;
  }

  /** The one in use, or that is being tried. */
  get transport() {
    return this.#reconnector.transport;
  }

  /**
   * Appends to the channel: over the WebSocket where that is in use, else by `POST`.
   *
   * @param {any} message any JSON value; an array is several messages
   * @returns {Promise<string>} the offset behind it
   * @throws {Problem} if the server refuses it, or it is not known whether it was accepted
   */
  async append(message) {
    this.#closing.signal.throwIfAborted();
    return this.#reconnector.append(message) ?? post(this.#call, message);
  }

  /** Ends it. Nothing more is received; what was said of `offset` holds. */
  close() {
    this.#end();
  }

  /** Closes the connection, like a network failure; it reconnects automatically. */
  disconnect() {
    this.#reconnector.disconnect();
  }

  /**
   * Stops reading: no poll is sent, and an event stream is not read, so that its server notices. A page
   * cannot pause a WebSocket; it continues until 1 MiB waits.
   */
  pause() {
    this.#isPaused = true;
  }

  /** Continues reading after {@link pause}. */
  resume() {
    this.#isPaused = false;
    this.#changed();
  }

  /**
   * The messages in batches, with the offset after each batch. For applications that store the offset
   * together with their result. Leaving the loop closes the subscription.
   *
   * @returns {AsyncGenerator<{messages: any[], next: string, reset?: Reset}, void>} with `reset`, and
   *     no messages, where some are missing
   * @throws {Problem} after a permanent error
   */
  async *batches() {
    for await (const { messages, next, reset } of this.#readings()) {
      this.#taken(next);
      yield reset ? { messages, next, reset } : { messages, next };
    }
  }

  async *[Symbol.asyncIterator]() {
    for await (const { messages, next } of this.#readings()) {
      yield* messages.slice(0, -1);
      this.#taken(next);
      yield* messages.slice(-1);
    }
  }

  async *#readings() {
    if (this.#isIterated) {
      throw new TypeError('A subscription can be iterated only once');
    }
    this.#isIterated = true;
    try {
      for (let reading = await this.#take(); reading; reading = await this.#take()) {
        yield reading;
      }
    } finally {
      this.close();
    }
  }

  /** @param {string} next */
  #taken(next) {
    this.#offset = next;
    this.#isBusy = false;
  }

  /**
   * @template {keyof SubscriptionEvents} K
   * @param {K} type
   * @param {((event: SubscriptionEvents[K]) => void)|EventListenerObject|null} listener
   * @param {boolean|AddEventListenerOptions} [options]
   * @override
   */
  addEventListener(type, listener, options) {
    super.addEventListener(type, /** @type {EventListener} */ (listener), options);
    if (type === 'message') {
      this.#isHeard = true;
      this.#changed();
    }
  }

  async #run() {
    try {
      await this.#reconnector.run();
      this.#end();
    } catch (problem) {
      this.#end(/** @type {Problem} */ (problem));
    }
  }

  /**
   * Delivers what was received, when it is wanted.
   *
   * @param {Reading} reading
   */
  async #give(reading) {
    while (this.#mustWait(reading)) {
      await new Promise((changed) => {
        this.#changed = () => changed(undefined);
      });
    }
    if (this.#closing.signal.aborted) {
      return;
    }
    if (isEmpty(reading)) {
      if (!this.#isBusy) {
        this.#offset = reading.next;
      }
    } else {
      this.#handOver(reading);
    }
  }

  /** @param {Reading} reading */
  #mustWait(reading) {
    if (this.#closing.signal.aborted) {
      return false;
    }
    const isWanted = this.#isIterated ? this.#asking !== undefined : this.#isHeard;
    return this.#isPaused || (!isWanted && !isEmpty(reading));
  }

  /** @param {Reading} reading */
  #handOver(reading) {
    if (this.#isIterated) {
      this.#isBusy = true;
      this.#asking?.resolve(reading);
      this.#asking = undefined;
    } else {
      this.#offset = reading.next;
    }
    const { messages, next, reset } = reading;
    if (reset) {
      this.dispatchEvent(new CustomEvent('reset', { detail: { ...reset, next } }));
    }
    // All of them, even if it is closed meanwhile: the offset is behind them.
    if (this.#isHeard) {
      for (const data of messages) {
        this.dispatchEvent(new MessageEvent('message', { data, lastEventId: next }));
      }
    }
  }

  /** @returns {Promise<Reading|undefined>} nothing at the end */
  #take() {
    return new Promise((resolve, reject) => {
      if (this.#problem) {
        reject(this.#problem);
      } else if (this.#status === 'closed') {
        resolve(undefined);
      } else {
        this.#asking = { resolve, reject };
        this.#changed();
      }
    });
  }

  /** @param {Problem} [problem] */
  #end(problem) {
    if (this.#status === 'closed') {
      return;
    }
    this.#problem = problem;
    this.#closing.abort(problem ?? new Problem({ title: 'The subscription is closed' }));
    this.#say('closed', problem);
    if (problem) {
      this.#asking?.reject(problem);
    } else {
      this.#asking?.resolve();
    }
    this.#changed();
  }

  /**
   * @param {Status} status
   * @param {Problem} [problem]
   */
  #say(status, problem) {
    this.#status = status;
    const detail = { status, transport: this.transport, ...(problem ? { problem } : {}) };
    this.dispatchEvent(new CustomEvent('status', { detail }));
  }
}

/** @param {Reading} reading */
export function isEmpty({ messages, reset }) {
  return messages.length === 0 && !reset;
}

/**
 * @param {string|URL} url of the channel
 * @param {Transport[]} transports best first
 * @param {Options} [options]
 */
export function subscribe(url, transports, options = {}) {
  return new Subscription(url, transports, options);
}
