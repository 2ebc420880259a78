import { append } from './append.js';
import { read } from './read.js';
import { backoff, sleep } from './retry.js';

/**
 * Poll: asks, is answered at once, and asks again after a while.
 *
 * @typedef {Object} Listener
 * @property {string} offset where to read on: `-1`, `now`, or one that was given
 * @property {(messages: any[], nextOffset: string) => void} onMessages messages, in order; none
 *     where only the offset became known
 * @property {(state: State, problem?: Error) => void} onState
 * @property {(reset: {reason: string, missed?: number}, nextOffset: string) => void} onGap
 *     messages are missing here
 * @property {(kind: 'request'|'empty') => void} onRequest a request is made; its answer is empty
 * @property {number} [intervalMillis]
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
export function open(url, { offset, onMessages, onState, onGap, onRequest, intervalMillis = 2000 }) {
  const closing = new AbortController();
  const retry = backoff();

  function ask() {
    onRequest('request');
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(15_000)]);
    return read(url, { offset }, signal);
  }

  function take({ next, messages, reset }) {
    offset = next;
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
      if (answer.upToDate) {
        onState('waiting');
        await sleep(intervalMillis, closing.signal);
      }
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
