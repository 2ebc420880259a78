import { append } from './append.js';
import { backoff } from './retry.js';

/**
 * Event stream: asks once, and the answer goes on and on.
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

/**
 * @param {string} url of the channel
 * @param {Listener} listener
 * @returns {Transport}
 */
export function open(url, { offset, onMessages, onState, onGap, onRequest }) {
  const retry = backoff();
  let source;
  let timer;

  function connect() {
    onRequest('request');
    source = new EventSource(`${url}?${new URLSearchParams({ offset, live: 'sse' })}`);
    source.onopen = () => {
      retry.reset();
      onState('live');
    };
    source.onerror = broke;
    source.addEventListener('data', ({ data, lastEventId }) => {
      offset = lastEventId;
      onMessages(JSON.parse(data), offset);
    });
    source.addEventListener('control', ({ data }) => {
      const control = JSON.parse(data);
      offset = control.streamNextOffset;
      onMessages([], offset);
      if (control.streamClosed) {
        close();
        onState('stopped');
      }
    });
    source.addEventListener('reset', ({ data }) => {
      const { streamNextOffset, reset } = JSON.parse(data);
      offset = streamNextOffset;
      onGap(reset, offset);
    });
  }

  function broke() {
    // The browser comes again by itself after a lost connection, with Last-Event-ID, but gives up
    // after an answer that is no event stream, as a server gives that is just starting.
    if (source.readyState === EventSource.CLOSED) {
      timer = setTimeout(connect, retry.next());
    } else {
      onRequest('request');
    }
    onState('reconnecting');
  }

  function close() {
    clearTimeout(timer);
    source.close();
  }

  onState('connecting');
  connect();
  return {
    append: (message) => append(url, message),
    get offset() {
      return offset;
    },
    close,
  };
}
