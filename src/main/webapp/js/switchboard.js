/**
 * Reads a channel of a Switchboard, in browsers and in Node 20 and newer, over the best transport
 * that works there: WebSocket, event stream, long poll, poll.
 */
import * as eventStream from './event-stream.js';
import * as longPoll from './long-poll.js';
import * as poll from './poll.js';
import { subscribe } from './subscription.js';
import * as webSocket from './web-socket.js';

export { create, end } from './channel.js';
export { Problem } from './problem.js';

/**
 * @typedef {import('./subscription.js').Options} Options
 * @typedef {import('./subscription.js').Subscription} Subscription
 * @typedef {import('./wire.js').WireEvent} WireEvent
 */

/**
 * Subscribes to a channel.
 *
 * A transport counts as working only when something was received over it. Where one does not work the
 * next is used, from the same offset, and the better ones are tried again later. Node 20 has no
 * WebSocket of its own: give one as `options.WebSocket`, or it begins with the event stream.
 *
 * @param {string|URL} url of the channel; in a page it may be relative
 * @param {Options} [options]
 * @returns {Subscription}
 * @throws {TypeError|RangeError} that quotes the invalid value
 */
export function open(url, options) {
  return subscribe(url, [webSocket, eventStream, longPoll, poll], options);
}
