import { Problem } from './problem.js';
import { Silence, following, within } from './retry.js';
import { authorization, withoutToken } from './token.js';
import { headLength, requestHeaders, utf8Length } from './wire.js';

/** @typedef {Omit<import('./transport.js').Call, 'offset'>} Call */
/** @typedef {import('./wire.js').Tell} Tell */

/**
 * Asks over HTTP, up to the head of the answer.
 *
 * @param {Call} call
 * @param {Tell} tell
 * @param {Object} what
 * @param {string} [what.method]
 * @param {Record<string, string>} [what.query] parameters
 * @param {Record<string, string>} [what.headers] beside those of the caller
 * @param {string} [what.body]
 * @param {boolean} [what.isHeld] the server may take its time to answer
 * @param {number} [what.patience] how long the answer may take, in milliseconds
 * @returns {Promise<Response>} with any status
 * @throws {Problem} where none came
 */
export async function ask(call, tell, what) {
  const { method = 'GET', query = {}, headers = {}, body, isHeld, patience = call.connectTimeout } = what;
  const url = new URL(call.url);
  Object.entries(query).forEach(([name, value]) => url.searchParams.set(name, value));
  const sent = {
    ...(await call.headers()), ...authorization(await call.token.get()), ...headers,
  };
  call.signal.throwIfAborted();
  tell('out', isHeld ? 'held' : 'request', () => {
    const line = `${method} ${url.pathname}${url.search}`;
    const all = { ...requestHeaders(url, sent), ...bodyHeaders(body) };
    return { line, headers: withoutToken(all), head: headLength(`${line} HTTP/1.1`, all), text: body };
  });
  const { signal } = call;
  const answer = fetch(url, { method, headers: sent, body, signal, cache: 'no-store' });
  const response = await told(call, tell, patience, answer, unreachable(call));
  call.met.isAnswered = true;
  return response;
}

/**
 * Why there may be no answer. A browser does not tell a page that it is not allowed to see one.
 *
 * @param {{url: URL, met: import('./transport.js').Met}} call
 */
export function unreachable({ url, met }) {
  const { origin } = globalThis.location ?? {};
  const mayBeRefused = origin !== undefined && origin !== url.origin && !met.isAnswered;
  return mayBeRefused
    ? `The server is not reachable, or it does not allow pages of ${origin} (its setting switchboard.cors.origins)`
    : 'The server is not reachable';
}

/**
 * @param {string} [body]
 * @returns {Record<string, string>}
 */
function bodyHeaders(body) {
  if (body === undefined) {
    return {};
  }
  const { origin } = globalThis.location ?? {};
  return { 'content-length': `${utf8Length(body)}`, ...(origin ? { origin } : {}) };
}

/**
 * Waits for a part of an answer, and tells how it failed if it did.
 *
 * @template T
 * @param {Call} call
 * @param {Tell} tell
 * @param {number} patience in milliseconds
 * @param {Promise<T>} part
 * @param {string} [title] of the problem where it fails
 * @returns {Promise<T>}
 */
export async function told(call, tell, patience, part, title = 'The connection failed') {
  try {
    return await within(patience, call.signal, part);
  } catch (error) {
    const isOurs = call.signal.aborted || error instanceof Silence;
    tell(isOurs ? 'out' : 'in', isOurs ? 'abort' : 'error', () => ({ line: messageOf(error) }));
    if (isOurs) {
      throw error;
    }
    throw new Problem({ title }, { cause: error });
  }
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : `${error}`;
}

/**
 * How an answer's head looks to an observer.
 *
 * @param {Response} response
 */
export function headOf({ status, statusText, headers }) {
  const line = `${status} ${statusText}`.trim();
  const all = Object.fromEntries(headers);
  return { line, headers: all, head: headLength(`HTTP/1.1 ${line}`, all) };
}

/**
 * The problem of a response, reported to the observer.
 *
 * @param {Call} call
 * @param {Tell} tell
 * @param {Response} response
 */
export async function problemOf(call, tell, response) {
  const problem = await told(call, tell, call.idleTimeout, Problem.of(response));
  tell('in', 'problem', () => ({ ...headOf(response), text: JSON.stringify(problem.document) }));
  return problem;
}

/**
 * Runs something with a signal of its own, which is aborted when it is over, however it ends: no
 * request is left behind.
 *
 * @template T
 * @param {import('./transport.js').Call} call
 * @param {(call: import('./transport.js').Call) => AsyncGenerator<T>} run
 * @returns {AsyncGenerator<T>}
 */
export async function* leavingNothing(call, run) {
  const own = following(call.signal);
  try {
    yield* run({ ...call, signal: own.signal });
  } finally {
    own.end();
  }
}
