import { unknown, written } from './append.js';
import { unreachable } from './http.js';
import { Inbox } from './inbox.js';
import { Problem } from './problem.js';
import { notJson } from './read.js';
import { Lost, Silence, sleep, within } from './retry.js';
import { subscribe } from './subscription.js';
import { SECRET, TOKEN_PREFIX } from './token.js';
import { describe, switching, upgrade } from './wire-websocket.js';
import { exchange, frameHead, utf8Length } from './wire.js';

/** WebSocket: one connection, both sides speak when they like. */
export const name = 'webSocket';

const SUBPROTOCOL = 'switchboard.v1';

/** Time until a token is requested again after a failure. */
const TOKEN_RETRY_MILLIS = 1_000;

/** Larger messages go by POST: a frame over the server's limit would end the connection. */
const MAX_FRAME_BYTES = 65_536;

const OPEN = 1;

/**
 * The platform's WebSocket cannot send headers, so it is not used with the option `headers`.
 *
 * @param {import('./options.js').Settled} call
 */
export function isPossible(call) {
  const Socket = call.WebSocket ?? globalThis.WebSocket;
  return Socket !== undefined && !(call.hasHeaders && Socket === globalThis.WebSocket);
}

/**
 * @param {import('./transport.js').Call} call
 * @returns {import('./transport.js').Line}
 */
export function connect(call) {
  const connection = new WebSocketConnection(call);
  return {
    readings: connection.readings(),
    append: (message) => connection.append(message),
    prove: (patience) => connection.prove(patience),
  };
}

class WebSocketConnection {
  /** @type {import('./transport.js').Call} */
  #call;
  #tell;
  #inbox = new Inbox();
  /** @type {Map<number, {resolve: (next: string) => void, reject: (why: Problem) => void}>} */
  #unanswered = new Map();
  /** @type {WebSocket|undefined} */
  #socket;
  #lastId = 0;
  #isLeaving = false;
  #over = new AbortController();
  /** @type {Problem|undefined} */
  #problem;

  /** @param {import('./transport.js').Call} call */
  constructor(call) {
    this.#call = call;
    this.#tell = exchange(call.onWire, name);
  }

  /** @returns {AsyncGenerator<import('./transport.js').Reading>} */
  async *readings() {
    const { connectTimeout, idleTimeout, signal } = this.#call;
    let why;
    try {
      await this.#connect();
      for (let patience = connectTimeout; ; patience = idleTimeout) {
        const { closed, ...reading } = await within(patience, signal, this.#inbox.take());
        yield reading;
        if (closed) {
          return;
        }
      }
    } catch (error) {
      why = error;
      throw error;
    } finally {
      this.#leave(signal.aborted ? signal.reason : why);
    }
  }

  async #connect() {
    const url = new URL(this.#call.url);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('offset', this.#call.offset);
    const headers = await this.#call.headers();
    const token = await this.#call.token.get();
    this.#call.signal.throwIfAborted();
    const protocols = token === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, TOKEN_PREFIX + token];
    const Socket = /** @type {import('./transport.js').WebSocketConstructor} */ (
      this.#call.WebSocket ?? globalThis.WebSocket);
    this.#tell('out', 'upgrade', () => upgrade(url, headers, protocols));
    const socket = new Socket(url.href, protocols, { headers });
    this.#socket = socket;
    socket.onopen = () => {
      this.#call.met.isAnswered = true;
      this.#tell('in', 'open', () => switching(socket));
      this.#renew(socket);
    };
    socket.onmessage = ({ data }) => this.#take(data);
    // The close event follows, with all that is known.
    socket.onerror = () => {};
    socket.onclose = ({ code, reason }) => this.#ended(code, reason);
  }

  /**
   * Sends another token before the one in use ends, so that the connection stays.
   *
   * @param {WebSocket} socket
   */
  async #renew(socket) {
    const { token, signal } = this.#call;
    const over = AbortSignal.any([signal, this.#over.signal]);
    let wait = token.renewInMillis;
    while (wait < Infinity) {
      await sleep(wait, over);
      if (over.aborted || this.#isLeaving) {
        return;
      }
      wait = await token.get().then(
        (fresh) => {
          this.#sendToken(socket, /** @type {string} */ (fresh));
          return token.renewInMillis;
        },
        () => TOKEN_RETRY_MILLIS, // the old one may be good for a while
      );
    }
  }

  /**
   * @param {WebSocket} socket
   * @param {string} token
   */
  async #sendToken(socket, token) {
    if (this.#isLeaving || socket.readyState !== OPEN) {
      return;
    }
    const id = ++this.#lastId;
    const frame = `{"id":${id},"token":"${token}"}`;
    try {
      await this.#send(socket, id, frame, { line: 'token', text: frame.replace(token, SECRET) });
    } catch (problem) {
      if (problem instanceof Problem && problem.isAnswer) {
        this.#inbox.end(problem); // what is thrown there decides whether another is asked for
      }
    }
  }

  /** @param {any} data */
  #take(data) {
    const frame = frameOf(data);
    const { id, next, messages = [], reset, closed, error } = frame;
    this.#tell('in', 'frame', () => ({
      line: describe(frame),
      text: String(data),
      messages: messages.length,
      head: frameHead(utf8Length(String(data)), false),
    }));
    if (id !== undefined) {
      this.#answer(id, next, error);
    } else if (error) {
      this.#problem = new Problem(error); // the server closes now
    } else if ('text' in frame || 'data' in frame) {
      this.#inbox.end(notJson(data));
    } else if (!this.#inbox.put({ next, messages, reset, closed }, data.length)) {
      this.#leave();
    }
  }

  /**
   * @param {number} id
   * @param {string} next
   * @param {any} error
   */
  #answer(id, next, error) {
    const asked = this.#unanswered.get(id);
    this.#unanswered.delete(id);
    if (error) {
      asked?.reject(new Problem(error));
    } else {
      asked?.resolve(next);
    }
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #ended(code, reason) {
    this.#tellEnd(code, reason);
    if (code === 1009) {
      this.#refuseFirst();
    }
    const title = reason
      ? `The server ended the connection: ${reason}`
      : code === 1006 ? unreachable(this.#call) : 'The connection ended';
    const isUnauthorized = code === 4401;
    const problem = this.#problem ??
      (isUnauthorized ? Problem.named('unauthorized', 401, title) : new Problem({ title }));
    this.#over.abort();
    this.#inbox.end(problem);
    this.#rejectAll(problem);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #tellEnd(code, reason) {
    if (code === 1006) {
      this.#tell('in', 'error', () => ({ line: 'no WebSocket, or it broke' }));
      return;
    }
    const head = frameHead(2 + utf8Length(reason), false) + 2;
    this.#tell('in', 'close', () => ({ line: `close ${code} ${reason}`.trim(), head, text: reason }));
  }

  // Frames are read in order, so the one that was too large is the first that has no answer.
  #refuseFirst() {
    for (const [id, { reject }] of [...this.#unanswered].slice(0, 1)) {
      this.#unanswered.delete(id);
      reject(Problem.named('too-large', 413, 'The message exceeds the size limit'));
    }
  }

  /** @param {Problem} why */
  #rejectAll(why) {
    for (const { reject } of this.#unanswered.values()) {
      reject(unknown(why));
    }
    this.#unanswered.clear();
  }

  /**
   * Ends it from this side: at once where it is lost, else when all is answered.
   *
   * @param {unknown} [why]
   */
  #leave(why) {
    this.#isLeaving = true;
    this.#over.abort();
    this.#inbox.end(new Problem({ title: 'The client closed the connection' }));
    if (why instanceof Lost) {
      this.#close(true);
      this.#rejectAll(why);
    } else if (this.#unanswered.size === 0) {
      this.#close(false);
    }
  }

  /** @param {boolean} isLost there is no sense in a closing handshake */
  #close(isLost) {
    const socket = this.#socket;
    if (!socket) {
      return;
    }
    this.#socket = undefined;
    socket.onmessage = null;
    const says = socket.readyState === OPEN && !isLost;
    this.#tell('out', says ? 'close' : 'abort', () => ({
      line: says ? 'close' : 'broken off',
      head: says ? frameHead(0, true) : 0,
    }));
    if (isLost && 'terminate' in socket && typeof socket.terminate === 'function') {
      socket.terminate(); // that of ws can; a browser tries the handshake all the same
    } else {
      socket.close();
    }
  }

  /**
   * @param {any} message
   * @returns {Promise<string>|undefined} nothing where it cannot be sent as a frame
   */
  append(message) {
    const id = ++this.#lastId;
    const frame = `{"id":${id},"append":${written(message)}}`;
    const socket = this.#socket;
    if (this.#isLeaving || socket?.readyState !== OPEN || utf8Length(frame) > MAX_FRAME_BYTES) {
      return undefined;
    }
    return this.#send(socket, id, frame, { line: 'append', text: frame });
  }

  /**
   * Whether the other side answers. A page cannot send a ping of the protocol, nor see a pong.
   *
   * @param {number} patience in milliseconds
   */
  async prove(patience) {
    const socket = this.#socket;
    if (this.#isLeaving || socket?.readyState !== OPEN) {
      return false;
    }
    const id = ++this.#lastId;
    const frame = `{"id":${id},"ping":true}`;
    try {
      await this.#send(socket, id, frame, { line: 'ping', text: frame }, patience);
      return true;
    } catch (problem) {
      // A server that does not know this command says so: that is an answer, too.
      return problem instanceof Problem && problem.isAnswer;
    }
  }

  /**
   * Sends a command and waits for its answer.
   *
   * @param {WebSocket} socket
   * @param {number} id
   * @param {string} frame
   * @param {{line: string, text: string}} shown to an observer
   * @param {number} [patience] in milliseconds
   */
  async #send(socket, id, frame, { line, text }, patience = this.#call.idleTimeout) {
    /** @type {Promise<string>} */
    const answer = new Promise((resolve, reject) => {
      this.#unanswered.set(id, { resolve, reject });
    });
    this.#tell('out', 'frame', () => ({
      line, text, head: frameHead(utf8Length(frame), true) + utf8Length(frame) - utf8Length(text),
    }));
    socket.send(frame);
    try {
      return await within(patience, undefined, answer);
    } catch (error) {
      throw error instanceof Silence ? unknown(error) : error;
    } finally {
      this.#unanswered.delete(id);
      if (this.#isLeaving) {
        this.#leave();
      }
    }
  }
}

/**
 * @param {any} data of a frame
 * @returns {any} an object; without `next` where it is not one of a Switchboard
 */
function frameOf(data) {
  try {
    return typeof data === 'string' ? { ...JSON.parse(data) } : {};
  } catch {
    return {};
  }
}

/**
 * Subscribes to a channel by a WebSocket only.
 *
 * @param {string|URL} url
 * @param {import('./subscription.js').Options} [options]
 */
export const open = (url, options) => subscribe(url, [{ name, connect, isPossible }], options);
