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
 * @property {string} offset where to start: `-1`, `now`, or an offset
 * @property {() => Promise<Record<string, string>>} headers called for each request
 * @property {boolean} hasHeaders whether any were given
 * @property {import('./token.js').Token} token
 * @property {AbortSignal} signal aborting it ends everything at once
 * @property {number} pollInterval time between two polls
 * @property {number} [wait] how long the server may hold a long poll; default: the server's
 * @property {number} connectTimeout time until the first data; after it the transport does not work
 * @property {number} idleTimeout time without data after which the connection is lost
 * @property {Met} met
 * @property {WebSocketConstructor} [WebSocket] given by the caller
 * @property {import('./wire.js').OnWire} [onWire]
 *
 * @typedef {Object} Line one connection, or one row of requests
 * @property {AsyncIterable<Reading>} readings requested one at a time: without a request nothing is
 *     read. Ends when the channel is closed; throws when the connection fails
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
