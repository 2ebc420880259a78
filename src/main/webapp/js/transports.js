import * as poll from './poll.js';
import * as longPoll from './long-poll.js';
import * as eventStream from './event-stream.js';
import * as webSocket from './web-socket.js';

/** The four ways to the same messages; the keys are those of the server's readings. */
export const TRANSPORTS = [
  {
    key: 'poll',
    name: 'Poll',
    says: 'Asks every two seconds, and is answered at once.',
    open: poll.open,
  },
  {
    key: 'longPoll',
    name: 'Long poll',
    says: 'Asks; the answer waits until there is something to say.',
    open: longPoll.open,
  },
  {
    key: 'eventStream',
    name: 'Event stream',
    says: 'Asks once; the answer never ends.',
    open: eventStream.open,
  },
  {
    key: 'webSocket',
    name: 'WebSocket',
    says: 'Connects once; both sides may speak.',
    open: webSocket.open,
  },
];
