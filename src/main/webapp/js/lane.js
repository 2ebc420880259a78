const MAX_RECENT = 8;

/**
 * One transport on one channel that can be stopped and started; what happens goes to the store.
 *
 * @param {import('./store.js').Store} store
 * @param {string} key of the lane in the store
 * @param {string} url of the channel
 * @param {string} offset where to begin
 * @param {(url: string, listener: object) => object} open the transport's
 * @param {(message: object) => void} onNewest called with the last of the messages that came
 */
export function lane(store, key, url, offset, open, onNewest) {
  let subscription = null;
  let stoppedAt = null;

  store.update(key, {
    state: 'stopped', offset, messages: 0, requests: 0, empty: 0, recent: [], note: null,
  });

  const add = (items) => [...store.get(key).recent, ...items].slice(-MAX_RECENT);

  function take(message, next) {
    const { messages } = store.get(key);
    store.update(key, { offset: next, messages: messages + 1, recent: add([{ message }]) });
    if (stoppedAt !== null) {
      // Whatever was said meanwhile comes first, at once.
      const seconds = Math.round((Date.now() - stoppedAt) / 1000);
      stoppedAt = null;
      store.update(key, { note: { resumedAfter: seconds } });
    }
    onNewest(message);
  }

  function miss({ next, ...reset }) {
    stoppedAt = null;
    store.update(key, { offset: next, recent: add([{ reset }]), note: { reset, at: new Date() } });
  }

  function change({ status, problem }) {
    const state = status === 'closed' ? 'stopped' : status;
    store.update(key, problem?.isFinal ? { state, note: { problem } } : { state });
    if (status === 'closed') {
      subscription = null;
    }
  }

  function count({ kind }) {
    if (kind === 'request' || kind === 'held' || kind === 'upgrade') {
      store.update(key, { requests: store.get(key).requests + 1 });
    } else if (kind === 'empty') {
      store.update(key, { empty: store.get(key).empty + 1 });
    }
  }

  return {
    start() {
      subscription = open(url, { offset: store.get(key).offset, onWire: count });
      subscription.addEventListener('message', ({ data, lastEventId }) => take(data, lastEventId));
      subscription.addEventListener('reset', ({ detail }) => miss(detail));
      subscription.addEventListener('status', ({ detail }) => change(detail));
    },
    stop() {
      subscription.close();
      stoppedAt = Date.now();
      store.update(key, { state: 'stopped', note: { stopped: true } });
    },
    get isRunning() {
      return subscription !== null;
    },
  };
}
