import { leavingNothing } from './http.js';
import { read } from './read.js';
import { sleep } from './retry.js';
import { isEmpty, subscribe } from './subscription.js';

/** Long poll: asks, is answered when there is something to say, and asks again at once. */
export const name = 'longPoll';

/**
 * Longer than a server holds a request by default. If it holds longer still, no harm: the same
 * question is asked again.
 */
const HELD_MILLIS = 90_000;

/** Who has nothing to say and says it so soon does not hold: then it is a poll. */
const HURRY_MILLIS = 250;

/**
 * @param {import('./transport.js').Call} call
 * @returns {import('./transport.js').Line}
 */
export function connect(call) {
  return { readings: leavingNothing(call, readings) };
}

/** @param {import('./transport.js').Call} call */
async function* readings(call) {
  // The first question is not held: its answer says at once that the server is there, and turns
  // "now" into an offset before anything can be missed. That a long poll works it does not say.
  let answer = await read(call, name, { query: { offset: call.offset } });
  yield { ...answer, isTrial: true };
  while (!(answer.isClosed && answer.isUpToDate)) {
    const asked = performance.now();
    answer = await read(call, name, held(call, answer));
    yield answer;
    if (isEmpty(answer) && performance.now() - asked < HURRY_MILLIS) {
      await sleep(call.pollInterval, call.signal);
    }
  }
}

/**
 * @param {number} [wait]
 * @returns {Record<string, string>}
 */
function preferring(wait) {
  // Only where it is wanted: for pages of other origins the header costs a preflight each time.
  return wait === undefined ? {} : { prefer: `wait=${Math.ceil(wait / 1000)}` };
}

/**
 * @param {import('./transport.js').Call} call
 * @param {import('./read.js').Answer} last
 */
function held({ wait, hello }, { next, cursor }) {
  return {
    query: { offset: next, live: 'long-poll', ...(cursor === null ? {} : { cursor }) },
    headers: preferring(wait),
    isHeld: true,
    patience: wait === undefined ? HELD_MILLIS : wait + hello,
  };
}

/**
 * Subscribes to a channel by long polling only.
 *
 * @param {string|URL} url
 * @param {import('./subscription.js').Options} [options]
 */
export const open = (url, options) => subscribe(url, [{ name, connect }], options);
