import { append } from './append.js';
import { read } from './read.js';
import { backoff, sleep } from './retry.js';

/**
 * Long poll: asks, is answered when there is something to say, and asks again at once.
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
  const closing = new AbortController();
  const retry = backoff();
  // The first question, and the first after a failure, is not held: its answer says at once that
  // the server is there, and turns "now" into an offset before anything can be missed.
  let isHeld = false;
  let cursor = null;

  function ask() {
    onRequest('request');
    // Longer than the server holds a request by default. If it holds longer still, no harm: the
    // same question is asked again.
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(90_000)]);
    return read(url, { offset, live: isHeld ? 'long-poll' : null, cursor }, signal);
  }

  function take({ next, messages, reset, cursor: nextCursor }) {
    offset = next;
    cursor = nextCursor;
    isHeld = true;
    if (reset) {
      onGap(reset, next);
      return;
    }
    if (messages.length === 0) {
      onRequest('empty');
    }
    onMessages(messages, next);
  }

  async function run() {
    onState('connecting');
    while (!closing.signal.aborted) {
      let answer;
      try {
        answer = await ask();
      } catch (problem) {
        if (closing.signal.aborted) {
          return;
        }
        if (problem.isFinal) {
          onState('stopped', problem);
          return;
        }
        isHeld = false;
        cursor = null;
        onState('reconnecting', problem);
        await sleep(retry.next(), closing.signal);
        continue;
      }
      if (closing.signal.aborted) {
        return;
      }
      retry.reset();
      take(answer);
      if (answer.closed && answer.upToDate) {
        onState('stopped');
        return;
      }
      onState('live');
    }
  }

  run();
  return {
    append: (message) => append(url, message),
    get offset() {
      return offset;
    },
    close: () => closing.abort(),
  };
}
