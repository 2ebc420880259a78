import { Problem } from './problem.js';
import { Silence, within } from './retry.js';

/** @typedef {string|(() => string|Promise<string>)} Given */

/** How long before its end a new one is requested; a fifth of its lifetime if that is less. */
const EARLY_MILLIS = 30_000;

/** Timeout for the function that returns tokens. */
const PATIENCE_MILLIS = 30_000;

/** The characters of a JSON Web Token; all are allowed in a header and in a subprotocol. */
const TOKEN = /^[\w.~+-]+$/;

/** What an observer is shown instead. */
export const SECRET = '(secret)';

/** A page cannot send a header with a WebSocket; the server does not repeat this one. */
export const TOKEN_PREFIX = 'switchboard.bearer.';

/** There is no token at the moment: it is not the transport's fault. */
export class NoToken extends Problem {}

/**
 * The token of a subscription: requested when it is needed, used while it is valid, and requested
 * again before it expires or when the server refuses it. It is never in a URL, in an error or in an
 * event for an observer.
 */
export class Token {
  /** @type {Given|undefined} */
  #given;
  /** @type {Promise<string>|undefined} that was asked for and is not there yet */
  #asking;
  /** @type {string|undefined} */
  #known;
  #renewAt = Infinity;
  #isSecondTry = false;

  /**
   * @param {Given} [given] none: nothing is sent
   * @throws {TypeError} if it cannot be one; without quoting it
   */
  constructor(given) {
    if (given !== undefined && typeof given !== 'function') {
      this.#known = checked(given);
    }
    this.#given = given;
  }

  /** Time until it must be requested again; infinite if it cannot be, or has no expiry. */
  get renewInMillis() {
    return this.#renewAt - Date.now();
  }

  /**
   * The current token; concurrent calls share one request.
   *
   * @returns {Promise<string|undefined>} nothing where none is used
   * @throws {NoToken} if there is none at the moment
   */
  async get() {
    const given = this.#given;
    if (typeof given !== 'function' || (this.#known !== undefined && this.renewInMillis > 0)) {
      return this.#known;
    }
    this.#asking ??= this.#ask(given).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** @param {() => string|Promise<string>} given */
  async #ask(given) {
    let token;
    try {
      token = checked(await within(PATIENCE_MILLIS, undefined, Promise.resolve().then(given)));
    } catch (error) {
      const why = error instanceof Silence ? 'nothing was heard for 30 s' : messageOf(error);
      throw new NoToken({ title: `No token could be had: ${why}` }, { cause: error });
    }
    this.#known = token;
    const left = endOf(token) - Date.now();
    // Where the clocks differ so much that it seems to be over, the server decides.
    this.#renewAt = left > 0 ? Date.now() + left - Math.min(EARLY_MILLIS, left / 5) : Infinity;
    return token;
  }

  /**
   * The server refused it.
   *
   * @returns {boolean} whether another may be tried: once, until one was taken
   */
  refused() {
    if (typeof this.#given !== 'function' || this.#isSecondTry) {
      return false;
    }
    this.#isSecondTry = true;
    this.#known = undefined;
    return true;
  }

  /** The server took it. */
  taken() {
    this.#isSecondTry = false;
  }
}

/** @param {unknown} token */
function checked(token) {
  if (typeof token !== 'string' || !TOKEN.test(token)) {
    const what = typeof token === 'string' ? `one of ${token.length} characters` : `${typeof token}`;
    throw new TypeError(`token: a JSON Web Token as a string is needed, not ${what}`);
  }
  return token;
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : `${error}`;
}

/**
 * When it ends, by what it says of itself (RFC 7519 §4.1.4).
 *
 * @param {string} token
 * @returns {number} in milliseconds since 1970; not a number where it does not say
 */
function endOf(token) {
  try {
    const claims = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(claims)).exp * 1000;
  } catch {
    return NaN;
  }
}

/**
 * The headers that carry it.
 *
 * @param {string|undefined} token
 * @returns {Record<string, string>}
 */
export function authorization(token) {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/**
 * Headers as an observer may see them.
 *
 * @param {Record<string, string>} headers names in lower case
 */
export function withoutToken(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, name === 'authorization' ? SECRET : value]));
}
