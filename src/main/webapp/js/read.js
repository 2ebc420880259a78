import { ask, headOf, problemOf, told } from './http.js';
import { Problem } from './problem.js';
import { following } from './retry.js';
import { exchange } from './wire.js';

/**
 * One read of a channel over HTTP: what poll and long poll have in common.
 *
 * @typedef {import('./transport.js').Reading & {isUpToDate: boolean, isClosed: boolean,
 *     cursor: ?string}} Answer
 *
 * @param {import('./transport.js').Call} call
 * @param {import('./transport.js').TransportName} via
 * @param {Parameters<typeof ask>[2]} what
 * @returns {Promise<Answer>}
 * @throws {Problem} if the server refuses, or cannot be reached
 */
export async function read(call, via, what) {
  // Of its own: a platform may keep what listens to a request's signal until it collects its garbage.
  const own = following(call.signal);
  try {
    return await readOnce({ ...call, signal: own.signal }, via, what);
  } finally {
    own.end();
  }
}

/**
 * @param {import('./transport.js').Call} call
 * @param {import('./transport.js').TransportName} via
 * @param {Parameters<typeof ask>[2]} what
 * @returns {Promise<Answer>}
 */
async function readOnce(call, via, what) {
  const tell = exchange(call.onWire, via);
  const response = await ask(call, tell, what);
  if (!response.ok) {
    return gapOf(await problemOf(call, tell, response));
  }
  const text = await told(call, tell, call.idleTimeout, response.text());
  const messages = messagesOf(text);
  tell('in', messages.length ? 'response' : 'empty', () => ({
    ...headOf(response),
    text,
    messages: messages.length,
  }));
  const { headers } = response;
  return {
    next: nextOf(headers),
    messages,
    isUpToDate: headers.has('Stream-Up-To-Date'),
    isClosed: headers.has('Stream-Closed'),
    cursor: headers.get('Stream-Cursor'),
  };
}

/**
 * @param {Problem} problem
 * @returns {Answer}
 */
function gapOf(problem) {
  const { earliest, reset } = problem.document;
  if (!earliest || !reset) {
    throw problem;
  }
  return { next: earliest, messages: [], reset, isUpToDate: false, isClosed: false, cursor: null };
}

/** @param {Headers} headers */
export function nextOf(headers) {
  const next = headers.get('Stream-Next-Offset');
  if (next === null) {
    // Something on the way answered; or a page of another origin may not see the header.
    throw new Problem({ title: 'The response has no Stream-Next-Offset: the URL is not a channel' });
  }
  return next;
}

/**
 * @param {string} text of an answer, or the data of an event
 * @returns {any[]}
 */
export function messagesOf(text) {
  if (text === '') {
    return [];
  }
  try {
    const messages = JSON.parse(text);
    if (Array.isArray(messages)) {
      return messages;
    }
  } catch {
    // told below
  }
  throw notJson(text);
}

/** @param {string} text */
export function notJson(text) {
  const start = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return Problem.named('content-type-mismatch', 409, `not a channel for JSON: it answers ${start}`);
}
