import { read } from './read.js';
import { Silence, sleep } from './retry.js';
import { isEmpty, subscribe } from './subscription.js';

/** Long poll: the server responds when there is a message; then the next request is sent at once. */
export const name = 'longPoll';

/** How long a server holds a request by default. */
const HELD_MILLIS = 10_000;

/** An empty response within this time means that the request was not held: then it polls. */
const HURRY_MILLIS = 250;

/**
 * @param {import('./transport.js').Call} call
 * @returns {import('./transport.js').Line}
 */
export function connect(call) {
  return { readings: readings(call) };
}

/** @param {import('./transport.js').Call} call */
async function* readings(call) {
  // The first question is not held: its answer says at once that the server is there, and turns
  // "now" into an offset before anything can be missed. That a long poll works it does not say.
  let answer = await read(call, name, { query: { offset: call.offset } });
  yield { ...answer, isTrial: true };
  while (!(answer.isClosed && answer.isUpToDate)) {
    const asked = performance.now();
    answer = await heldRead(call, answer);
    yield answer;
    if (isEmpty(answer) && performance.now() - asked < HURRY_MILLIS) {
      await sleep(call.pollInterval, call.signal);
    }
  }
}

/**
 * @param {import('./transport.js').Call} call
 * @param {import('./read.js').Answer} last
 */
async function heldRead(call, { next, cursor }) {
  const seconds = secondsToHold(call);
  try {
    return await read(call, name, {
      query: { offset: next, live: 'long-poll', ...(cursor === null ? {} : { cursor }) },
      /** @type {Record<string, string>} */
      headers: seconds === undefined ? {} : { prefer: `wait=${seconds}` },
      isHeld: true,
      patience: Math.min(call.idleTimeout, (call.wait ?? Infinity) + call.connectTimeout),
    });
  } catch (error) {
    // Lost, or the server holds requests for longer: then it gets a shorter wait.
    call.met.isHeldLong ||= error instanceof Silence;
    throw error;
  }
}

/**
 * How long the server is to hold a request, so that its answer is there before the idle timeout;
 * nothing where it decides. For pages of other origins the header costs a preflight each time.
 *
 * @param {import('./transport.js').Call} call
 */
function secondsToHold({ wait, connectTimeout, idleTimeout, met }) {
  const longest = Math.max(1, Math.floor((idleTimeout - Math.min(connectTimeout, idleTimeout / 2)) / 1000));
  const decides = idleTimeout >= HELD_MILLIS + connectTimeout && !met.isHeldLong;
  return wait === undefined
    ? (decides ? undefined : longest)
    : Math.min(Math.ceil(wait / 1000), longest);
}

/**
 * Subscribes to a channel by long polling only.
 *
 * @param {string|URL} url
 * @param {import('./subscription.js').Options} [options]
 */
export const open = (url, options) => subscribe(url, [{ name, connect }], options);
