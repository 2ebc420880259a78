import { LONGEST_MILLIS } from './retry.js';
import { Token } from './token.js';

/**
 * @typedef {import('./transport.js').Call} Call
 * @typedef {import('./transport.js').Transport} Transport
 *
 * @typedef {Omit<Call, 'offset'|'signal'>} Settled what stays the same for all connections
 *
 * @typedef {Object} Options all are optional; times are in milliseconds
 * @property {string} [offset] where to start: `-1` at the oldest message (the default), `now` at the
 *     next message, or an offset from an earlier read
 * @property {import('./transport.js').TransportName[]} [transports] allowed transports, preferred first
 * @property {Record<string, string>|(() => Record<string, string>|Promise<Record<string, string>>)}
 *     [headers] for each request; a function is called each time. The platform's own WebSocket cannot
 *     send headers and is not used then
 * @property {import('./token.js').Given} [token] a JSON Web Token, or a function that returns one or a
 *     promise of one. The function is called again before the token expires, and once when the server
 *     refuses it. Sent as `Authorization`, over a WebSocket as a subprotocol; never in a URL
 * @property {number} [pollInterval] time between two polls: 2000
 * @property {number} [wait] how long the server may hold a long poll, in whole seconds; default: the
 *     server's setting
 * @property {number} [connectTimeout] time until the first data; after it, the transport counts as not
 *     working: 8000
 * @property {number} [idleTimeout] time without data after which the connection counts as lost: 40000. The
 *     server sends data every 15 s by default. Below 18000, the client asks the server to hold long
 *     polls for less
 * @property {number} [upgradeInterval] time until a preferred transport is tried again: 60000; it grows with
 *     each failure
 * @property {[number, number]} [backoff] the client waits a random time up to the first value before it
 *     reconnects; the limit doubles each time, up to the second value: [500, 10000]
 * @property {import('./transport.js').WebSocketConstructor} [WebSocket] used instead of the platform's:
 *     called like the one of the npm package `ws`, with `{headers}` as the third argument
 * @property {AbortSignal} [signal] aborting it is the same as `close()`
 * @property {import('./wire.js').OnWire} [onWire] is called for everything that is sent or received
 */

/** All of them; each with `true`, so that the compiler finds one that is missing here. */
const NAMES = Object.keys(/** @type {Record<keyof Options, true>} */ ({
  offset: true,
  transports: true,
  headers: true,
  token: true,
  pollInterval: true,
  wait: true,
  connectTimeout: true,
  idleTimeout: true,
  upgradeInterval: true,
  backoff: true,
  WebSocket: true,
  signal: true,
  onWire: true,
}));

/**
 * Names that other libraries have for an option.
 * @type {Record<string, keyof Options>}
 */
const OTHER_NAMES = {
  lastEventId: 'offset',
  transport: 'transports',
  timeout: 'connectTimeout',
  heartbeatTimeout: 'idleTimeout',
  retry: 'backoff',
};

/**
 * Checks what the caller gave, and completes it.
 *
 * @param {string|URL} url
 * @param {Transport[]} known
 * @param {Options} options
 * @throws {TypeError|RangeError} that quotes the invalid value
 */
export function complete(url, known, options) {
  const { offset = '-1', headers, token, wait, WebSocket, onWire, signal, backoff = [500, 10_000] } = options;
  refuseUnknown(options);
  if (typeof offset !== 'string' || offset === '') {
    throw new TypeError(`offset ${quoted(offset)}: a string is required`);
  }
  /** @type {Settled} */
  const call = {
    url: absolute(url),
    headers: async () => (typeof headers === 'function' ? headers() : (headers ?? {})),
    hasHeaders: headers !== undefined,
    token: new Token(token),
    pollInterval: millis('pollInterval', options.pollInterval ?? 2_000),
    wait: wait === undefined ? undefined : millis('wait', wait),
    connectTimeout: millis('connectTimeout', options.connectTimeout ?? 8_000),
    idleTimeout: millis('idleTimeout', options.idleTimeout ?? 40_000),
    met: {},
    WebSocket,
    onWire,
  };
  const [first, max] = backoff;
  const times = {
    upgradeInterval: millis('upgradeInterval', options.upgradeInterval ?? 60_000),
    first: millis('backoff', first),
    max: millis('backoff', max),
  };
  return { call, offset, signal, times, transports: chosen(known, options.transports, call) };
}

/**
 * A misspelt option must not be ignored: its default would be used.
 *
 * @param {Options} options
 */
function refuseUnknown(options) {
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      const meant = OTHER_NAMES[name]
        ?? NAMES.find((known) => known.toLowerCase() === name.toLowerCase().replace(/[_-]|ms$|millis$/g, ''));
      throw new TypeError(`option ${quoted(name)}: there is no such option; `
        + (meant ? `did you mean ${meant}?` : `there are ${NAMES.join(', ')}`));
    }
  }
}

/** @param {string|URL} url */
function absolute(url) {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  const { href, protocol } = new URL(url, base);
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new TypeError(`url "${url}": a channel URL must begin with http: or https:`);
  }
  return new URL(href);
}

/** @param {unknown} value */
function quoted(value) {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/**
 * @param {string} what
 * @param {number} value
 */
function millis(what, value) {
  if (!(typeof value === 'number' && value >= 1 && value <= LONGEST_MILLIS)) {
    throw new RangeError(
      `${what} ${quoted(value)}: a number of milliseconds, 1 to ${LONGEST_MILLIS}`);
  }
  return value;
}

/**
 * @param {Transport[]} known
 * @param {string[]|undefined} given
 * @param {Settled} call
 * @returns {Transport[]} at least one
 */
function chosen(known, given, call) {
  const names = given ?? known.map(({ name }) => name);
  const all = known.map(({ name }) => name).join(', ');
  const wanted = names.map((name) => {
    const transport = known.find((one) => one.name === name);
    if (!transport) {
      throw new TypeError(`transport ${quoted(name)}: not one of ${all}`);
    }
    return transport;
  });
  const possible = wanted.filter(({ isPossible }) => isPossible?.(call) ?? true);
  if (possible.length === 0) {
    const why = wanted.length
      ? 'this platform has no WebSocket that can send headers; pass one as the option WebSocket'
      : `name at least one of ${all}`;
    throw new TypeError(`transports ${JSON.stringify(names)}: ${why}`);
  }
  return possible;
}
