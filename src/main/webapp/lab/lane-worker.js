/**
 * One lane's client, in a thread of its own: it can be terminated at any time, and blocked,
 * without the page or the other lanes noticing.
 */

// Only that of the transport in use: each worker loads modules of its own.
const MODULES = {
  poll: () => import('../js/poll.js'),
  longPoll: () => import('../js/long-poll.js'),
  eventStream: () => import('../js/event-stream.js'),
  webSocket: () => import('../js/web-socket.js'),
};

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

let begun = 0;

async function begin({ transport, url, offset, options }) {
  const mine = ++begun;
  const { open } = await MODULES[transport]();
  if (mine !== begun) {
    return; // another one was asked for meanwhile
  }
  const from = subscription?.offset ?? offset;
  subscription?.close();
  const own = open(url, { ...options, offset: from, onWire });
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
    postMessage({ kind: 'appended', id, problem: problem.document ?? {} });
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
