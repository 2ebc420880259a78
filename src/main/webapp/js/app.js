import { create, end } from './channel.js';
import { chat } from './chat.js';
import { lane } from './lane.js';
import { Store } from './store.js';
import { TRANSPORTS } from './transports.js';
import { chatView, commandView, laneView, readingsView } from './view.js';

const TICKER = new URL('channels/ticker', document.baseURI).href;
const CHAT = new URL('channels/chat', document.baseURI).href;

const byId = (id) => document.getElementById(id);
const store = new Store();
const views = new Map();
store.addEventListener('change', ({ detail: { key, value } }) => views.get(key)?.(value));

function showReadings() {
  views.set('readings', readingsView(byId('readings'), TRANSPORTS));
  // Four lanes bring the same messages, some later than others.
  return (message) => {
    if (!(message.time <= store.get('readings')?.time)) {
      store.update('readings', message);
    }
  };
}

async function showLanes() {
  const onNewest = showReadings();
  // One offset for all, so that their counts can be compared.
  const from = await end(TICKER).catch(() => 'now');
  for (const transport of TRANSPORTS) {
    const { key, open } = transport;
    const toggle = () => (laneOfKey.isRunning ? laneOfKey.stop() : laneOfKey.start());
    views.set(key, laneView(byId('lanes'), transport, toggle));
    const laneOfKey = lane(store, key, TICKER, from, open, onNewest);
    laneOfKey.start();
  }
}

async function showChat() {
  await create(CHAT).catch(() => {});
  const conversation = chat(store, 'chat', CHAT);
  const use = (key) => conversation.use(TRANSPORTS.find((t) => t.key === key));
  // A WebSocket does not count among the six HTTP connections that a browser opens to one host.
  const first = 'webSocket';
  views.set('chat', chatView(byId('chat'), TRANSPORTS, first, use, conversation.say));
  use(first);
}

function showCommands() {
  const commands = [
    {
      title: 'Publish',
      command: `curl -H 'Content-Type: application/json' -d '{"name":"curl","text":"hello"}' '${CHAT}'`,
    },
    { title: 'Poll', command: `curl -i '${CHAT}?offset=-1'` },
    { title: 'Long poll', command: `curl -i '${TICKER}?offset=now&live=long-poll'` },
    { title: 'Event stream', command: `curl -N '${TICKER}?offset=now&live=sse'` },
  ];
  commands.forEach((command) => commandView(byId('commands'), command));
}

showCommands();
showLanes();
showChat();
