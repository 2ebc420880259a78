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
  let transport = null;
  let stoppedAt = null;

  store.update(key, {
    state: 'stopped', offset, messages: 0, requests: 0, empty: 0, recent: [], note: null,
  });

  const add = (items) => [...store.get(key).recent, ...items].slice(-MAX_RECENT);

  const listener = {
    onMessages(messages, next) {
      const { messages: count } = store.get(key);
      store.update(key, {
        offset: next,
        messages: count + messages.length,
        recent: add(messages.map((message) => ({ message }))),
      });
      if (messages.length === 0) {
        return;
      }
      if (stoppedAt !== null) {
        // Whatever was said meanwhile comes first, at once.
        const seconds = Math.round((Date.now() - stoppedAt) / 1000);
        stoppedAt = null;
        store.update(key, { note: { resumed: messages.length, seconds } });
      }
      onNewest(messages.at(-1));
    },
    onState(state, problem) {
      store.update(key, problem?.isFinal ? { state, note: { problem } } : { state });
      if (state === 'stopped') {
        transport = null;
      }
    },
    onGap(reset, next) {
      stoppedAt = null;
      store.update(key, { offset: next, recent: add([{ reset }]), note: { reset, at: new Date() } });
    },
    onRequest(kind) {
      const count = kind === 'empty' ? 'empty' : 'requests';
      store.update(key, { [count]: store.get(key)[count] + 1 });
    },
  };

  return {
    start() {
      transport = open(url, { ...listener, offset: store.get(key).offset });
    },
    stop() {
      transport.close();
      transport = null;
      stoppedAt = Date.now();
      store.update(key, { state: 'stopped', note: { stopped: true } });
    },
    get isRunning() {
      return transport !== null;
    },
  };
}
