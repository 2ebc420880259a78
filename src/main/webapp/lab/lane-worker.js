import { open as eventStream } from '../js/event-stream.js';
import { open as longPoll } from '../js/long-poll.js';
import { open as poll } from '../js/poll.js';
import { open as webSocket } from '../js/web-socket.js';

/**
 * One lane's client, in a thread of its own: it can be ended in the midst of everything, and blocked,
 * without the page or the other lanes noticing.
 */

const OPEN = { poll, longPoll, eventStream, webSocket };

let subscription;

/** Time that the page shares. */
const now = () => performance.timeOrigin + performance.now();

function onWire(event) {
  postMessage({ kind: 'wire', event: { ...event, at: performance.timeOrigin + event.at } });
}

// What fills a message up to its size is of no use to the page.
function slim(message) {
  if (typeof message?.pad !== 'string') {
    return message;
  }
  const { pad, ...rest } = message;
  return rest;
}

async function read(own) {
  try {
    for await (const { messages, next, reset } of own.batches()) {
      postMessage({ kind: 'batch', at: now(), messages: messages.map(slim), next, reset });
    }
  } catch {
    // told as a status, with its problem
  }
}

function begin({ transport, url, offset, options }) {
  const from = subscription?.offset ?? offset;
  subscription?.close();
  const own = OPEN[transport](url, { ...options, offset: from, onWire });
  subscription = own;
  own.addEventListener('status', ({ detail: { status, problem } }) => {
    if (own === subscription) {
      postMessage({ kind: 'status', status, problem: problem?.document });
    }
  });
  read(own);
}

async function append({ id, message }) {
  try {
    postMessage({ kind: 'appended', id, next: await subscription.append(message) });
  } catch (problem) {
    postMessage({ kind: 'appended', id, problem: problem.document ?? { title: `${problem}` } });
  }
}

/** Blocks this thread: as long as it waits for a synchronous answer, it does nothing else. */
function stall({ url, seconds }) {
  const end = now() + seconds * 1000;
  while (now() < end - 500) {
    const request = new XMLHttpRequest();
    request.open('GET', `${url}?offset=now&live=long-poll`, false);
    request.setRequestHeader('Prefer', `wait=${Math.round((end - now()) / 1000)}`);
    try {
      request.send();
    } catch {
      break;
    }
    if (request.status >= 400) {
      break;
    }
  }
  postMessage({ kind: 'resumed', seconds: seconds - Math.max(0, end - now()) / 1000 });
}

const COMMANDS = { begin, append, stall };

onmessage = ({ data }) => COMMANDS[data.kind](data);
