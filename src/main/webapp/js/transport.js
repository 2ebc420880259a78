/**
 * What the four transports have in common: each module exports `name`, `connect` and `open`.
 *
 * @typedef {'webSocket'|'eventStream'|'longPoll'|'poll'} TransportName as in the server's readings
 *
 * @typedef {Object} Transport
 * @property {TransportName} name
 * @property {(call: Call) => Line} connect once, without coming again
 * @property {(call: import('./options.js').Settled) => boolean} [isPossible] here and with these
 *     options; always where missing
 *
 * @typedef {Object} Call what a transport needs to know; times are in milliseconds
 * @property {URL} url of the channel
 * @property {string} offset where to read on: `-1`, `now`, or one that was given
 * @property {() => Promise<Record<string, string>>} headers asked for with each request
 * @property {boolean} hasHeaders whether any were given
 * @property {import('./token.js').Token} token
 * @property {AbortSignal} signal aborted: everything ends at once
 * @property {number} pollInterval from one poll to the next
 * @property {number} [wait] how long the server is to hold a long poll; else it decides
 * @property {number} connectTimeout the first thing comes within this time, or the transport does not work
 * @property {number} idleTimeout who says nothing for so long is gone
 * @property {Met} met
 * @property {WebSocketConstructor} [WebSocket] given by the caller
 * @property {import('./wire.js').OnWire} [onWire]
 *
 * @typedef {Object} Line one connection, or one row of requests
 * @property {AsyncIterable<Reading>} readings asked for one at a time: where nobody asks, nothing is
 *     read. Ends where the channel is closed; throws where the connection broke
 * @property {(message: any) => Promise<string>|undefined} [append] to the offset behind it, on the
 *     same connection; nothing where that cannot be now. Else it goes by `POST`
 * @property {(patience: number) => Promise<boolean>} [prove] whether the other side answers within so
 *     many milliseconds. Where it is missing only another connection shows that
 *
 * @typedef {{isAnswered?: boolean, isHeldLong?: boolean}} Met what is known of the server so far: it
 *     was seen to answer; a long poll that it held was given up
 *
 * @typedef {Object} Reading what came: it counts as a sign of life even where it is empty
 * @property {string} next where to read on
 * @property {any[]} messages in order
 * @property {Reset} [reset] messages are missing before `next`
 * @property {boolean} [isTrial] it came, but not in the way that makes this transport what it is
 *
 * @typedef {{reason: 'trimmed'|'epoch', missed?: number}} Reset why, and how many where that is known
 *
 * @typedef {new (url: string, protocols: string[], options: {headers: Record<string, string>}) =>
 *     WebSocket} WebSocketConstructor the platform's, or one that can send headers, as that of `ws`
 */
export {};
