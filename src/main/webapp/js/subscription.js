import { post } from './append.js';
import { Overflow } from './inbox.js';
import { Ladder } from './ladder.js';
import { complete } from './options.js';
import { Problem } from './problem.js';
import { Lost, Silence, sleep } from './retry.js';
import { NoToken } from './token.js';
import { whenBack } from './wake.js';

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

const CLIMB = new Problem({ title: 'A better transport works' });

/** The connection cannot prove that it lives: another one can. */
const REPLACED = new Problem({ title: 'Another connection is made, as this one may be dead' });

/** It was asked for a sign of life and gave none. */
class Unproven extends Lost {}

/** Events of the platform often come together: one check is for all of them. */
const CHECK_AFTER_MILLIS = 60;

/** All pages of a place may hear at once that its network is back: they check by chance within this. */
const CHECK_JITTER_MILLIS = 340;

/** From the end of one check to the beginning of the next at least. */
const CHECK_PAUSE_MILLIS = 1_000;

/** Who is asked for a sign of life may take so long; longer, up to the second, where the first sign did. */
const PROOF_MILLIS = 700;
const MAX_PROOF_MILLIS = 1_500;

/** So many connections after a check get no more time than that: they may take a dead line again. */
const HURRIES = 2;

/**
 * An offset that waits and moves: reads a channel over the best transport that works.
 *
 * Iterate it for its messages, in order; leaving the loop closes it. Or listen to its events:
 * - `message`: `event.data` is one message, `event.lastEventId` the offset behind its batch
 * - `status`: `event.detail` has `status`, `transport`, and a `problem` where there is one
 * - `reset`: between the messages before this event and those after it some are missing;
 *   `event.detail` has the `reason`, how many are `missed` where that is known, and `next`, the
 *   offset where it goes on
 *
 * Nothing is piled up. Until somebody iterates or listens to `message`, and while a loop is busy with
 * a batch, at most one other batch waits here: no poll is sent, no event stream read; a WebSocket,
 * which cannot be told to wait, is cut when 1 MiB has come, and opened again when that is taken. All
 * go on from the offset, and who was away for longer than the server remembers is told by `reset`.
 */
export class Subscription extends EventTarget {
  #call;
  #ladder;
  #closing = new AbortController();
  #life = new AbortController();
  /** @type {import('./transport.js').Line|undefined} */
  #line;
  /** Where the next connection reads on. */
  #reached;
  /** Behind what was taken. */
  #offset;
  /** @type {Status} */
  #status = 'connecting';
  #wasLive = false;
  #isPaused = false;
  #isHeard = false;
  #isIterated = false;
  #isBusy = false;
  /** @type {{resolve: (reading?: Reading) => void, reject: (problem: Problem) => void}|undefined} */
  #asking;
  /** @type {Problem|undefined} */
  #problem;
  #changed = () => {};
  #beganAt = 0;
  /** Of the connection in use; negative until something was. */
  #heardAt = -1;
  /** How long the first sign of life took, the last time. */
  #firstMillis = 0;
  #isChecking = false;
  #checkedAt = -Infinity;
  #hurries = 0;
  /** Ends the wait before the next connection. */
  #rested = new AbortController();

  /**
   * @param {string|URL} url of the channel
   * @param {Transport[]} transports best first
   * @param {Options} options
   * @throws {TypeError|RangeError} that quotes what cannot be
   */
  constructor(url, transports, options) {
    super();
    const { call, offset, signal, times, transports: chosen } = complete(url, transports, options);
    this.#call = call;
    this.#ladder = new Ladder(chosen, times);
    this.#reached = offset;
    this.#offset = offset;
    signal?.addEventListener('abort', () => this.close(), { signal: this.#closing.signal });
    if (signal?.aborted) {
      this.close();
    }
    whenBack(this.#closing.signal, () => this.#check());
    // Not before the caller could listen.
    queueMicrotask(() => this.#run());
  }

  /**
   * Where another reader would go on. It moves by whole batches: before the events of one are
   * dispatched, and when a loop is given the last message of one. Who leaves a loop in the midst of a
   * batch and comes again gets the whole of it again; {@link batches} shows where they end.
   */
  get offset() {
    return this.#offset;
  }

  get status() {
    return this.#status;
  }

  /** The one in use, or that is being tried. */
  get transport() {
    return this.#ladder.current.name;
  }

  /**
   * Appends to the channel: over the WebSocket where that is in use, else by `POST`.
   *
   * @param {any} message any JSON value; an array is several messages
   * @returns {Promise<string>} the offset behind it
   * @throws {Problem} if the server refuses it, or it is not known to be taken
   */
  async append(message) {
    this.#closing.signal.throwIfAborted();
    return this.#line?.append?.(message) ?? post(this.#call, message);
  }

  /** Ends it. Nothing more is received; what was said of `offset` holds. */
  close() {
    this.#end();
  }

  /** Breaks the connection, as a network does; it reconnects by itself. */
  disconnect() {
    this.#life.abort(new Lost({ title: 'The client disconnected' }));
  }

  /**
   * Stops reading: no poll is sent, and an event stream's bytes stay where they are, so that its server
   * notices. A page cannot stop a WebSocket, which goes on until 1 MiB has come.
   */
  pause() {
    this.#isPaused = true;
  }

  /** Reads on after {@link pause}. */
  resume() {
    this.#isPaused = false;
    this.#changed();
  }

  /**
   * The messages as they came: some at once, and the offset behind them. For who keeps the offset
   * together with what he made of the messages. Leaving the loop closes the subscription.
   *
   * @returns {AsyncGenerator<{messages: any[], next: string, reset?: Reset}, void>} with `reset`, and
   *     no messages, where some are missing
   * @throws {Problem} where a problem stays
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
      throw new TypeError('A subscription can be iterated once');
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
      while (!this.#closing.signal.aborted && !(await this.#live())) {
        // the next transport, or the same again
      }
      this.#end();
    } catch (problem) {
      this.#end(/** @type {Problem} */ (problem));
    }
  }

  /**
   * One connection, from its beginning to its end.
   *
   * @returns {Promise<boolean>} whether the channel is closed
   * @throws {Problem} where it is of no use to come again
   */
  async #live() {
    const began = performance.now();
    const how = { received: false, brought: false };
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#beganAt = began;
    this.#heardAt = -1;
    let error;
    try {
      const call = { ...this.#call, offset: this.#reached, signal, connectTimeout: this.#connectTimeout };
      this.#line = this.#ladder.current.connect(call);
      for await (const reading of this.#line.readings) {
        signal.throwIfAborted();
        this.#isAlive(reading, signal);
        this.#call.token.taken();
        how.received ||= !reading.isTrial;
        how.brought ||= !reading.isTrial && reading.messages.length > 0;
        await this.#give(reading);
      }
      return true;
    } catch (thrown) {
      error = thrown;
    } finally {
      this.#line = undefined;
      this.#life.abort();
    }
    await this.#broke(error, { ...how, livedMillis: performance.now() - began });
    return false;
  }

  /**
   * @param {Reading} reading
   * @param {AbortSignal} signal of the connection over which it came
   */
  #isAlive({ next }, signal) {
    if (typeof next !== 'string') {
      throw new Problem({ title: 'What came has no offset: it is not of a channel' });
    }
    const isFirst = this.#heardAt < 0;
    this.#heardAt = performance.now();
    if (!isFirst) {
      return;
    }
    this.#firstMillis = this.#heardAt - this.#beganAt;
    this.#hurries = 0;
    this.#wasLive = true;
    if (this.#status !== 'live') {
      this.#say('live');
    }
    if (this.#ladder.better.length) {
      this.#climb(signal);
    }
  }

  /** How long the next connection may take for its first sign of life. */
  get #connectTimeout() {
    const { connectTimeout } = this.#call;
    return this.#hurries > 0
      ? Math.min(connectTimeout, this.#patience * (HURRIES + 1 - this.#hurries))
      : connectTimeout;
  }

  /** How long who lives may take to say so. */
  get #patience() {
    return Math.min(MAX_PROOF_MILLIS, Math.max(PROOF_MILLIS, this.#firstMillis));
  }

  /**
   * Finds out whether the connection lives, at once; where it does not, or cannot say, makes another.
   * A wait before the next one ends.
   */
  async #check() {
    if (this.#isChecking) {
      return; // what it finds out, it finds out later than now
    }
    this.#isChecking = true;
    const asked = performance.now();
    const pause = Math.max(0, this.#checkedAt + CHECK_PAUSE_MILLIS - asked);
    const jitter = CHECK_AFTER_MILLIS + CHECK_JITTER_MILLIS * Math.random();
    await sleep(pause + jitter, this.#closing.signal);
    // What came before that may have been on its way when the line broke.
    const since = asked + pause;
    this.#ladder.fresh();
    this.#rested.abort();
    const life = this.#life;
    const isSuspect = () =>
      life === this.#life && !life.signal.aborted && this.#beganAt < asked && this.#heardAt < since;
    if (isSuspect()) {
      const why = await this.#doubt();
      if (why && isSuspect()) {
        this.#hurries = HURRIES;
        life.abort(why);
      }
    }
    this.#checkedAt = performance.now();
    this.#isChecking = false;
  }

  /** @returns {Promise<Problem|undefined>} why the connection is not to be used any more, if so */
  async #doubt() {
    const patience = this.#patience;
    if (this.#heardAt < 0) {
      // It is only being made: it has this time from its beginning.
      await sleep(this.#beganAt + patience - performance.now(), this.#life.signal);
    } else if (!this.#line?.prove) {
      return REPLACED;
    } else if (await this.#line.prove(patience)) {
      return undefined;
    }
    return new Unproven({ title: 'No sign of life came when one was asked for' });
  }

  /**
   * @param {unknown} error
   * @param {Omit<Parameters<Ladder['ended']>[0], 'isSilent'>} how
   */
  async #broke(error, how) {
    if (this.#closing.signal.aborted) {
      return;
    }
    if (error === REPLACED) {
      return; // for who listens, nothing happened yet
    }
    const isHurried = this.#hurries > 0 && error instanceof Silence;
    if (isHurried || error instanceof Unproven) {
      this.#hurries -= isHurried ? 1 : 0;
      this.#say(this.#wasLive ? 'reconnecting' : 'connecting', error);
      return;
    }
    if (error === CLIMB || error instanceof Overflow) {
      this.#say('reconnecting');
      return;
    }
    const problem =
      error instanceof Problem ? error : new Problem({ title: `${error}` }, { cause: error });
    if (problem.isUnauthorized && this.#call.token.refused()) {
      this.#say(this.#wasLive ? 'reconnecting' : 'connecting', problem);
      return;
    }
    if (problem instanceof NoToken) {
      this.#say(this.#wasLive ? 'reconnecting' : 'connecting', problem);
      await this.#rest(this.#ladder.again());
      return;
    }
    if (problem.isFinal || (problem.isMissing && !this.#wasLive)) {
      throw problem;
    }
    const millis = this.#ladder.ended({ ...how, isSilent: problem instanceof Silence });
    this.#say(this.#wasLive ? 'reconnecting' : 'connecting', problem);
    // Added, since all may have been told the same time.
    if (problem.isAnswer) {
      await sleep(problem.retryAfterMillis, this.#closing.signal);
      await this.#rest(millis);
    } else {
      await this.#rest(problem.retryAfterMillis + millis);
    }
  }

  /**
   * Waits, or until the platform says that the network or the page is back.
   *
   * @param {number} millis
   */
  async #rest(millis) {
    this.#rested = new AbortController();
    if (!this.#closing.signal.aborted) {
      await sleep(millis, this.#rested.signal);
    }
  }

  /**
   * Tries better transports beside the one in use, until one works or that breaks.
   *
   * @param {AbortSignal} signal
   */
  async #climb(signal) {
    const life = this.#life;
    while (!signal.aborted) {
      await sleep(this.#ladder.climbInMillis, signal);
      const better = await this.#firstThatWorks(signal);
      if (signal.aborted) {
        return;
      }
      this.#ladder.climb(better);
      if (better) {
        life.abort(CLIMB);
      }
    }
  }

  /** @param {AbortSignal} signal */
  async #firstThatWorks(signal) {
    for (const transport of this.#ladder.better) {
      if (!signal.aborted && (await this.#isHeardOver(transport, signal))) {
        return transport;
      }
    }
    return undefined;
  }

  /**
   * @param {Transport} transport
   * @param {AbortSignal} signal
   */
  async #isHeardOver(transport, signal) {
    try {
      const { readings } = transport.connect({ ...this.#call, offset: 'now', signal });
      for await (const { isTrial } of readings) {
        if (!isTrial) {
          return true;
        }
      }
      return true; // it said that the channel is closed
    } catch {
      return false;
    }
  }

  /**
   * Gives out what came, when somebody wants it.
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
    this.#reached = reading.next;
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
    this.#life.abort(this.#closing.signal.reason);
    this.#rested.abort();
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
