/**
 * How long to wait before the next try: twice as long each time, up to a bound.
 *
 * @returns {{next: () => number, reset: () => void}} `next` in milliseconds
 */
export function backoff({ firstMillis = 500, maxMillis = 5_000 } = {}) {
  let ceiling = firstMillis;
  return {
    next() {
      // Jittered, so that the clients of a restarted server do not all come at once.
      const millis = ceiling * (0.5 + Math.random() / 2);
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
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, millis);
    signal.addEventListener('abort', done);
  });
}
