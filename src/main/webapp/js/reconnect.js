import { Overflow } from './inbox.js';
import { Problem } from './problem.js';
import { Lost, Silence, sleep } from './retry.js';
import { NoToken } from './token.js';
import { whenBack } from './wake.js';

/**
 * @typedef {import('./ladder.js').Ladder} Ladder
 * @typedef {import('./options.js').Settled} Settled
 * @typedef {import('./transport.js').Transport} Transport
 * @typedef {import('./transport.js').Reading} Reading
 *
 * @typedef {Object} Owner whose connection it is
 * @property {AbortSignal} signal aborting it ends everything
 * @property {(reading: Reading) => Promise<void>} give delivers a reading when it is wanted; until then
 *     nothing else is read
 * @property {(status: 'connecting'|'live'|'reconnecting', problem?: Problem) => void} say
 */

const CLIMB = new Problem({ title: 'A better transport works' });

/** The connection cannot be checked, so it is replaced. */
const REPLACED = new Problem({ title: 'This connection may be lost and is replaced' });

/** The connection was checked and did not respond. */
class Unproven extends Lost {}

/** Events of the platform often come together: one check is for all of them. */
const CHECK_AFTER_MILLIS = 60;

/** All pages of a network may get the event at once: they check at a random time within this. */
const CHECK_JITTER_MILLIS = 340;

/** Minimum time between two checks. */
const CHECK_PAUSE_MILLIS = 1_000;

/** Timeout of a check; longer, up to the second value, if opening the connection took longer. */
const PROOF_MILLIS = 700;
const MAX_PROOF_MILLIS = 1_500;

/** So many connections after a check get no more time than that: they may take a dead line again. */
const HURRIES = 2;

/**
 * Keeps one connection to a channel: makes another where it breaks, over the transport that the ladder
 * names, from the offset behind what came. Finds out whether it lives where the platform says that the
 * network or the page is back.
 */
export class Reconnector {
  #call;
  #ladder;
  /** Where the next connection reads on. */
  #offset;
  #closing;
  #give;
  #say;
  #life = new AbortController();
  /** @type {import('./transport.js').Line|undefined} */
  #line;
  #isLive = false;
  #wasLive = false;
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
   * @param {Settled} call
   * @param {Ladder} ladder
   * @param {string} offset where to begin
   * @param {Owner} owner
   */
  constructor(call, ladder, offset, { signal, give, say }) {
    this.#call = call;
    this.#ladder = ladder;
    this.#offset = offset;
    this.#closing = signal;
    this.#give = give;
    this.#say = say;
    signal.addEventListener('abort', () => {
      this.#life.abort(signal.reason);
      this.#rested.abort();
    });
    whenBack(signal, () => this.#check());
  }

  /** The name of the transport in use, or that is being tried. */
  get transport() {
    return this.#ladder.current.name;
  }

  /**
   * Appends over the connection in use.
   *
   * @param {any} message
   * @returns {Promise<string>|undefined} nothing where that cannot be now
   */
  append(message) {
    return this.#line?.append?.(message);
  }

  /** Breaks the connection, as a network does. */
  disconnect() {
    this.#life.abort(new Lost({ title: 'The client disconnected' }));
  }

  /**
   * Reads until the channel is closed, or the owner's signal is aborted.
   *
   * @throws {Problem} if a retry is useless
   */
  async run() {
    while (!this.#closing.aborted && !(await this.#live())) {
      // the next transport, or the same again
    }
  }

  /**
   * One connection, from its beginning to its end.
   *
   * @returns {Promise<boolean>} whether the channel is closed
   * @throws {Problem} if a retry is useless
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
      const call = { ...this.#call, offset: this.#offset, signal, connectTimeout: this.#connectTimeout };
      this.#line = this.#ladder.current.connect(call);
      for await (const reading of this.#line.readings) {
        signal.throwIfAborted();
        this.#isAlive(reading, signal);
        this.#call.token.taken();
        how.received ||= !reading.isTrial;
        how.brought ||= !reading.isTrial && reading.messages.length > 0;
        await this.#give(reading);
        this.#offset = reading.next;
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
      throw new Problem({ title: 'The data has no offset: the URL is not a channel' });
    }
    const isFirst = this.#heardAt < 0;
    this.#heardAt = performance.now();
    if (!isFirst) {
      return;
    }
    this.#firstMillis = this.#heardAt - this.#beganAt;
    this.#hurries = 0;
    this.#wasLive = true;
    if (!this.#isLive) {
      this.#isLive = true;
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

  /** The timeout of a check. */
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
    await sleep(pause + jitter, this.#closing);
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
    return new Unproven({ title: 'The connection did not respond to a check' });
  }

  /**
   * @param {unknown} error
   * @param {Omit<Parameters<Ladder['ended']>[0], 'isSilent'>} how
   */
  async #broke(error, how) {
    if (this.#closing.aborted) {
      return;
    }
    if (error === REPLACED) {
      return; // for listeners nothing happened yet
    }
    const isHurried = this.#hurries > 0 && error instanceof Silence;
    if (isHurried || error instanceof Unproven) {
      this.#hurries -= isHurried ? 1 : 0;
      this.#sayBroken(error);
      return;
    }
    if (error === CLIMB || error instanceof Overflow) {
      this.#sayBroken();
      return;
    }
    const problem =
      error instanceof Problem ? error : new Problem({ title: `${error}` }, { cause: error });
    if (problem.isUnauthorized && this.#call.token.refused()) {
      this.#sayBroken(problem);
      return;
    }
    if (problem instanceof NoToken) {
      this.#sayBroken(problem);
      await this.#rest(this.#ladder.again());
      return;
    }
    if (problem.isFinal || (problem.isMissing && !this.#wasLive)) {
      throw problem;
    }
    const millis = this.#ladder.ended({ ...how, isSilent: problem instanceof Silence });
    this.#sayBroken(problem);
    // Added, because all clients may have got the same time.
    if (problem.isAnswer) {
      await sleep(problem.retryAfterMillis, this.#closing);
      await this.#rest(millis);
    } else {
      await this.#rest(problem.retryAfterMillis + millis);
    }
  }

  /** @param {Problem} [problem] */
  #sayBroken(problem) {
    this.#isLive = false;
    this.#say(this.#wasLive ? 'reconnecting' : 'connecting', problem);
  }

  /**
   * Waits, or until the platform says that the network or the page is back.
   *
   * @param {number} millis
   */
  async #rest(millis) {
    this.#rested = new AbortController();
    if (!this.#closing.aborted) {
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
}
