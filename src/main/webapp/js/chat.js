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
  let transport = null;
  // The whole conversation that the server still has.
  let offset = '-1';

  store.update(key, { state: 'connecting', offset, said: [] });

  const add = (items) => [...store.get(key).said, ...items].slice(-MAX_SAID);

  return {
    /** Hands over to a transport: it reads on where the last one was. */
    use({ name, open }) {
      if (transport) {
        offset = transport.offset;
        transport.close();
      }
      transport = open(url, {
        offset,
        onMessages(messages, next) {
          const items = messages.map((message) => ({ message, via: name }));
          store.update(key, { offset: next, said: add(items) });
        },
        onState(state) {
          store.update(key, { state });
          if (state === 'reconnecting') {
            // A server that was restarted does not know the channel any more.
            create(url).catch(() => {});
          }
        },
        onGap(reset, next) {
          store.update(key, { offset: next, said: add([{ reset }]) });
        },
        onRequest() {},
      });
    },
    /** @returns {Promise<string>} the offset behind the message */
    say(message) {
      return transport.append(message);
    },
  };
}
