import { ask, headOf, problemOf } from './http.js';
import { Problem } from './problem.js';
import { nextOf } from './read.js';
import { NoToken } from './token.js';
import { exchange } from './wire.js';

/**
 * A message as it is sent.
 *
 * @param {any} message
 * @returns {string}
 * @throws {Problem} if it is no JSON value
 */
export function written(message) {
  let text;
  try {
    text = JSON.stringify(message);
  } catch (error) {
    throw Problem.named('bad-message', 400, `a message is a JSON value: ${error}`);
  }
  if (text === undefined) {
    throw Problem.named('bad-message', 400, `a message is a JSON value, not ${String(message)}`);
  }
  return text;
}

/**
 * Appends over HTTP.
 *
 * @param {import('./options.js').Settled} call
 * @param {any} message any JSON value; an array is several messages
 * @returns {Promise<string>} the offset behind it
 * @throws {Problem} if the server refuses it or cannot be reached
 */
export async function post(call, message) {
  const body = written(message);
  try {
    return await postOnce(call, body);
  } catch (problem) {
    if (isUnauthorized(problem) && call.token.refused()) {
      return postOnce(call, body);
    }
    throw problem;
  }
}

/** @param {unknown} problem */
function isUnauthorized(problem) {
  return problem instanceof Problem && problem.isUnauthorized;
}

/**
 * @param {import('./options.js').Settled} call
 * @param {string} body
 */
async function postOnce(call, body) {
  const tell = exchange(call.onWire, 'append');
  const headers = { 'content-type': 'application/json' };
  // Of its own: what is on its way is not broken off because the reader leaves.
  const over = new AbortController();
  try {
    const own = { ...call, signal: over.signal };
    const response = await ask(own, tell, { method: 'POST', headers, body, patience: call.idleTimeout });
    if (!response.ok) {
      throw await problemOf(own, tell, response);
    }
    call.token.taken();
    tell('in', 'response', () => headOf(response));
    return nextOf(response.headers);
  } catch (problem) {
    throw isRefusal(problem) || problem instanceof NoToken ? problem : unknown(problem);
  } finally {
    over.abort();
  }
}

/**
 * Whether the message is certainly not taken. A gateway that gives up does not know that.
 *
 * @param {unknown} problem
 */
function isRefusal(problem) {
  if (!(problem instanceof Problem)) {
    return false;
  }
  const { status = 0 } = problem.document;
  return problem.isAnswer || (status >= 400 && status < 500);
}

/**
 * The problem for an append with an unknown result.
 *
 * @param {unknown} cause
 */
export function unknown(cause) {
  const why = cause instanceof Error ? cause.message : `${cause}`;
  return new Problem({ title: `${why}. It is not known whether the message was accepted` }, { cause });
}
