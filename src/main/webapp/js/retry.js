import { Problem } from './problem.js';

/** A timer that is set for longer fires at once. */
export const LONGEST_MILLIS = 2 ** 31 - 1;

/** A timer that fires later than this was held up: its page was frozen, or its timers are throttled. */
const LATE_MILLIS = 1_000;

/**
 * How long to wait before the next try: up to a ceiling that doubles each time.
 *
 * @param {number} firstMillis
 * @param {number} maxMillis
 * @returns {{next: () => number, reset: () => void}} `next` in milliseconds
 */
export function backoff(firstMillis, maxMillis) {
  let ceiling = firstMillis;
  return {
    next() {
      // Full jitter, so that the clients of a restarted server do not come in waves.
      const millis = ceiling * Math.random();
      ceiling = Math.min(maxMillis, ceiling * 2);
      return millis;
    },
    reset() {
      ceiling = firstMillis;
    },
  };
}

/**
 * Waits, or less long if the signal is aborted.
 *
 * @param {number} millis
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function sleep(millis, signal) {
  return new Promise((resolve) => {
    if (signal.aborted || millis <= 0) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(millis, LONGEST_MILLIS));
    signal.addEventListener('abort', done);
  });
}

/**
 * A signal of one's own that follows another until it is ended. Unlike one signal for all requests, and
 * unlike `AbortSignal.any`, it leaves nothing behind at the other.
 *
 * @param {AbortSignal} signal
 * @returns {{signal: AbortSignal, end: () => void}} `end` also aborts it
 */
export function following(signal) {
  const own = new AbortController();
  const abort = () => own.abort(signal.reason);
  if (signal.aborted) {
    abort();
  } else {
    signal.addEventListener('abort', abort);
  }
  const end = () => {
    signal.removeEventListener('abort', abort);
    own.abort();
  };
  return { signal: own.signal, end };
}

/** The connection was lost without notice. */
export class Lost extends Problem {}

/** No data was received for too long. */
export class Silence extends Lost {}

/**
 * Waits for a promise, with a timeout.
 *
 * @template T
 * @param {number} millis
 * @param {AbortSignal|undefined} signal
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 * @throws {Silence} if it takes longer
 * @throws the signal's reason when that is aborted
 */
export function within(millis, signal, promise) {
  return new Promise((resolve, reject) => {
    const due = performance.now() + millis;
    let timer = setTimeout(late, millis);
    function late() {
      // What came while the page was held up may still wait to be delivered.
      if (performance.now() - due > LATE_MILLIS) {
        timer = setTimeout(silent, LATE_MILLIS);
      } else {
        silent();
      }
    }
    const silent = () => fail(new Silence({ title: `Nothing was heard for ${millis / 1000} s` }));
    const aborted = () => fail(signal?.reason);
    const settled = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
    /** @param {any} error */
    function fail(error) {
      settled();
      reject(error);
    }
    promise.then((value) => {
      settled();
      resolve(value);
    }, fail);
    signal?.addEventListener('abort', aborted);
    if (signal?.aborted) {
      aborted();
    }
  });
}
