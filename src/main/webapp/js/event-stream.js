import { events } from './events.js';
import { ask, headOf, leavingNothing, problemOf, told } from './http.js';
import { Problem } from './problem.js';
import { messagesOf, notJson } from './read.js';
import { subscribe } from './subscription.js';
import { exchange } from './wire.js';

/**
 * Event stream: sends one request; the response does not end.
 *
 * Read with `fetch`, not with `EventSource`: it can send headers, shows the reason of a refusal,
 * exists in Node, and stops reading when the application does not read.
 */
export const name = 'eventStream';

/**
 * @param {import('./transport.js').Call} call
 * @returns {import('./transport.js').Line}
 */
export function connect(call) {
  const tell = exchange(call.onWire, name);
  return { readings: leavingNothing(call, (own) => readings(own, tell)) };
}

/**
 * @param {import('./transport.js').Call} call
 * @param {import('./wire.js').Tell} tell
 */
async function* readings(call, tell) {
  const response = await ask(call, tell, {
    query: { offset: call.offset, live: 'sse' },
    // With this header the server reports gaps within the stream.
    headers: { accept: 'text/event-stream, application/problem+json' },
  });
  if (!response.ok) {
    throw await problemOf(call, tell, response);
  }
  tell('in', 'open', () => headOf(response));
  let { offset } = call;
  let retryAfterMillis = 0;
  try {
    for await (const event of events(chunks(call, tell, bodyOf(response)))) {
      retryAfterMillis = event.retry ?? retryAfterMillis;
      const { isClosed, ...reading } = readingOf(event, offset);
      tell('in', event.type === '' ? 'comment' : 'event', () => describe(event, reading));
      offset = reading.next;
      if (event.type !== '' || event.retry === undefined) {
        yield reading;
      }
      if (isClosed) {
        tell('in', 'close', () => ({ line: 'the channel is closed' }));
        return;
      }
    }
    tell('in', 'close', () => ({ line: 'the answer ended' }));
    throw new Problem({ title: 'The event stream ended' });
  } catch (error) {
    if (error instanceof Problem && !call.signal.aborted) {
      error.retryAfterMillis = retryAfterMillis;
    }
    throw error;
  } finally {
    tell('out', 'abort', () => ({ line: 'broken off' }));
  }
}

/**
 * @param {import('./events.js').ServerEvent} event
 * @param {import('./transport.js').Reading} reading
 */
function describe({ type, text, retry }, { messages }) {
  const line = type || (retry === undefined ? 'comment' : `retry ${retry}`);
  return { line, text, messages: messages.length, measured: true };
}

/** @param {Response} response */
function bodyOf({ headers, body }) {
  const type = headers.get('Content-Type');
  if (headers.get('Stream-SSE-Data-Encoding') === 'base64') {
    throw notJson('base64');
  }
  if (body === null || !type?.startsWith('text/event-stream')) {
    throw new Problem({ title: `The answer is ${type}, not an event stream` });
  }
  return body;
}

/**
 * The answer, a chunk at a time: the first is soon there, the others at the latest when the server
 * says that it lives.
 *
 * @param {import('./transport.js').Call} call
 * @param {import('./wire.js').Tell} tell
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 */
async function* chunks(call, tell, body) {
  const reader = body.getReader();
  let patience = call.connectTimeout;
  for (;;) {
    const { done, value } = await told(call, tell, patience, reader.read());
    if (done) {
      return;
    }
    patience = call.idleTimeout;
    yield value;
  }
}

/**
 * @param {import('./events.js').ServerEvent} event
 * @param {string} offset before it
 * @returns {import('./transport.js').Reading & {isClosed?: boolean}}
 */
function readingOf({ type, data, id }, offset) {
  if (type === 'data') {
    return { next: id ?? offset, messages: messagesOf(data) };
  }
  if (type === 'control' || type === 'reset') {
    const { streamNextOffset, reset, streamClosed } = JSON.parse(data);
    return { next: streamNextOffset, messages: [], reset, isClosed: streamClosed };
  }
  if (type === 'ending') {
    throw new Problem(JSON.parse(data)); // such as a token that is good no longer
  }
  return { next: offset, messages: [] };
}

/**
 * Subscribes to a channel by an event stream only.
 *
 * @param {string|URL} url
 * @param {import('./subscription.js').Options} [options]
 */
export const open = (url, options) => subscribe(url, [{ name, connect }], options);
