import { read } from './read.js';
import { sleep } from './retry.js';
import { isEmpty, subscribe } from './subscription.js';

/** Poll: asks, is answered at once, and asks again after a while. */
export const name = 'poll';

/**
 * @param {import('./transport.js').Call} call
 * @returns {import('./transport.js').Line}
 */
export function connect(call) {
  return { readings: readings(call) };
}

/** @param {import('./transport.js').Call} call */
async function* readings(call) {
  let { offset } = call;
  for (;;) {
    const asked = performance.now();
    const answer = await read(call, name, { query: { offset } });
    offset = answer.next;
    yield answer;
    if (answer.isClosed && answer.isUpToDate) {
      return;
    }
    // Also where nothing came and nothing was said: a proxy may have lost the header.
    if (answer.isUpToDate || isEmpty(answer)) {
      await sleep(asked + call.pollInterval - performance.now(), call.signal);
    }
  }
}

/**
 * Subscribes to a channel by polling only.
 *
 * @param {string|URL} url
 * @param {import('./subscription.js').Options} [options]
 */
export const open = (url, options) => subscribe(url, [{ name, connect }], options);
