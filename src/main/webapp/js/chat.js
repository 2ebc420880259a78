import { create } from './channel.js';

const MAX_SAID = 50;

/**
 * A conversation on one channel, over one transport at a time.
 *
 * @param {import('./store.js').Store} store
 * @param {string} key in the store
 * @param {string} url of the channel
 */
export function chat(store, key, url) {
  let subscription = null;
  // The whole conversation that the server still has.
  let offset = '-1';

  store.update(key, { state: 'connecting', offset, said: [] });

  const add = (item) => [...store.get(key).said, item].slice(-MAX_SAID);

  return {
    /** Hands over to a transport: it reads on where the last one was. */
    use({ name, open }) {
      if (subscription) {
        subscription.close();
        offset = subscription.offset;
      }
      subscription = open(url, { offset });
      subscription.addEventListener('message', ({ data: message, lastEventId }) =>
        store.update(key, { offset: lastEventId, said: add({ message, via: name }) }));
      subscription.addEventListener('reset', ({ detail: { next, ...reset } }) =>
        store.update(key, { offset: next, said: add({ reset }) }));
      subscription.addEventListener('status', ({ detail: { status } }) => {
        store.update(key, { state: status });
        if (status === 'reconnecting') {
          // A server that was restarted does not know the channel any more.
          create(url).catch(() => {});
        }
      });
    },
    /** @returns {Promise<string>} the offset behind the message */
    say(message) {
      return subscription.append(message);
    },
  };
}
