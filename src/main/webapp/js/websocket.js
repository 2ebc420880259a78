import { Problem } from './problem.js';
import { backoff } from './retry.js';

/**
 * WebSocket: one connection, both sides speak when they like.
 *
 * @typedef {Object} Listener
 * @property {string} offset where to read on: `-1`, `now`, or one that was given
 * @property {(messages: any[], nextOffset: string) => void} onMessages messages, in order; none
 *     where only the offset became known
 * @property {(state: State, problem?: Error) => void} onState
 * @property {(reset: {reason: string, missed?: number}, nextOffset: string) => void} onGap
 *     messages are missing here
 * @property {(kind: 'request'|'empty') => void} onRequest a request is made; its answer is empty
 *
 * @typedef {'connecting'|'live'|'waiting'|'reconnecting'|'stopped'} State
 *
 * @typedef {Object} Transport
 * @property {(message: any) => Promise<string>} append to the offset behind it
 * @property {string} offset where another transport would read on
 * @property {() => void} close nothing is called any more
 */

const SUBPROTOCOL = 'switchboard.v1';

/** The server's heartbeat comes every 15 s by default; who is silent for long is gone. */
const SILENCE_MILLIS = 60_000;

/** A server that is just starting may take a handshake and never answer it. */
const HELLO_MILLIS = 8_000;

/**
 * @param {string} url of the channel
 * @param {Listener} listener
 * @returns {Transport}
 */
export function open(url, { offset, onMessages, onState, onGap, onRequest }) {
  const retry = backoff();
  const unanswered = new Map();
  let socket;
  let timer;
  let lastId = 0;
  let problem;

  function connect() {
    onRequest('request');
    problem = undefined;
    const address = `${url.replace(/^http/, 'ws')}?${new URLSearchParams({ offset })}`;
    socket = new WebSocket(address, SUBPROTOCOL);
    socket.onmessage = ({ data }) => take(JSON.parse(data));
    socket.onclose = broke;
    watch(HELLO_MILLIS);
  }

  function watch(millis) {
    clearTimeout(timer);
    timer = setTimeout(() => broke(), millis);
  }

  function take({ id, next, messages, reset, closed, error }) {
    watch(SILENCE_MILLIS);
    if (id !== undefined) {
      answer(id, next, error);
      return;
    }
    if (error) {
      problem = new Problem(error); // the server closes now
      return;
    }
    offset = next;
    retry.reset();
    onState('live');
    if (reset) {
      onGap(reset, next);
    } else {
      onMessages(messages ?? [], next);
    }
    if (closed) {
      close();
      onState('stopped');
    }
  }

  function answer(id, next, error) {
    const { resolve, reject } = unanswered.get(id);
    unanswered.delete(id);
    if (error) {
      reject(new Problem(error));
    } else {
      resolve(next);
    }
  }

  /** @param {CloseEvent} [event] none where the server fell silent */
  function broke(event) {
    close(event?.reason);
    if (problem?.isFinal) {
      onState('stopped', problem);
      return;
    }
    timer = setTimeout(connect, retry.next());
    onState('reconnecting', problem);
  }

  function close(reason) {
    clearTimeout(timer);
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
    const ended = reason ? `The server ended the connection: ${reason}` : 'The connection ended';
    for (const { reject } of unanswered.values()) {
      reject(new Problem({ title: `${ended}. The message is not known to be taken` }));
    }
    unanswered.clear();
  }

  function append(message) {
    return new Promise((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) {
        reject(new Problem({ title: 'The WebSocket is not connected. Nothing was sent' }));
        return;
      }
      const id = ++lastId;
      unanswered.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, append: message }));
    });
  }

  onState('connecting');
  connect();
  return {
    append,
    get offset() {
      return offset;
    },
    close: () => close(),
  };
}
