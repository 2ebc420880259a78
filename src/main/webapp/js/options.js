import { LONGEST_MILLIS } from './retry.js';
import { Token } from './token.js';

/**
 * @typedef {import('./transport.js').Call} Call
 * @typedef {import('./transport.js').Transport} Transport
 *
 * @typedef {Omit<Call, 'offset'|'signal'>} Settled what stays the same from one connection to the next
 *
 * @typedef {Object} Options all may be left out; times are in milliseconds
 * @property {string} [offset] where to begin: `-1` with the oldest message that is kept (the default),
 *     `now` with the next, or an offset that was given
 * @property {import('./transport.js').TransportName[]} [transports] which may be used, best first
 * @property {Record<string, string>|(() => Record<string, string>|Promise<Record<string, string>>)}
 *     [headers] for each request; a function is asked each time. The platform's own WebSocket cannot
 *     send any and is left out then
 * @property {import('./token.js').Given} [token] a JSON Web Token that says who may do what; a function
 *     that returns one, or a promise of one, is asked for another before it ends, or once when the
 *     server refuses it. Sent as `Authorization`, over a WebSocket as a subprotocol; never in a URL
 * @property {number} [pollInterval] from one poll to the next: 2000
 * @property {number} [wait] how long the server is to hold a long poll, in whole seconds; else it
 *     decides
 * @property {number} [connectTimeout] the first thing must come within this time, or the transport does not
 *     work: 8000
 * @property {number} [idleTimeout] nothing heard for so long means that the connection is lost: 40000. The
 *     server says something every 15 s by default. The server is asked to hold a long poll for less
 *     where this is below 18000
 * @property {number} [upgradeInterval] how long until a better transport is tried again: 60000, more each time
 *     that it does not work
 * @property {[number, number]} [backoff] before it comes again it waits by chance up to the first;
 *     that doubles each time, up to the second: [500, 10000]
 * @property {import('./transport.js').WebSocketConstructor} [WebSocket] instead of the platform's:
 *     called as that of the npm package `ws`, with `{headers}` as the third argument
 * @property {AbortSignal} [signal] aborted: as `close()`
 * @property {import('./wire.js').OnWire} [onWire] is told what crosses the wire
 */

/** Options of earlier versions, and what they are called now. */
const FORMER_NAMES = {
  hello: 'connectTimeout',
  silence: 'idleTimeout',
  climb: 'upgradeInterval',
};

/**
 * Checks what the caller gave, and completes it.
 *
 * @param {string|URL} url
 * @param {Transport[]} known
 * @param {Options} options
 * @throws {TypeError|RangeError} that quotes what cannot be
 */
export function complete(url, known, options) {
  const { offset = '-1', headers, token, wait, WebSocket, onWire, signal, backoff = [500, 10_000] } = options;
  refuseFormerNames(options);
  if (typeof offset !== 'string' || offset === '') {
    throw new TypeError(`offset ${quoted(offset)}: a string is needed`);
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

/** @param {Record<string, any>} options */
function refuseFormerNames(options) {
  for (const [former, name] of Object.entries(FORMER_NAMES)) {
    if (options[former] !== undefined) {
      throw new TypeError(`option "${former}": no such option; did you mean ${name}?`);
    }
  }
}

/** @param {string|URL} url */
function absolute(url) {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  const { href, protocol } = new URL(url, base);
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new TypeError(`url "${url}": a channel has an http: or https: URL`);
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
      ? 'this platform has no WebSocket, or none that sends headers: give one as WebSocket'
      : `name at least one of ${all}`;
    throw new TypeError(`transports ${JSON.stringify(names)}: ${why}`);
  }
  return possible;
}
