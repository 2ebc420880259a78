/** Writes what the store holds into the page: text and data attributes only. */

const MEBIBYTE = 1024 * 1024;

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/** A copy of a template's element, and its parts by their `data-field`. */
function copy(template) {
  const element = document.getElementById(template).content.firstElementChild.cloneNode(true);
  return { element, fields: fieldsOf(element) };
}

function fieldsOf(element) {
  const fields = {};
  for (const field of [element, ...element.querySelectorAll('[data-field]')]) {
    if (field.dataset.field) {
      fields[field.dataset.field] = field;
    }
  }
  return fields;
}

// Only if it differs: a screen reader may say a status again that is written again.
function write(field, text) {
  if (field.textContent !== String(text)) {
    field.textContent = text;
  }
}

function writeState(field, state) {
  field.dataset.state = state;
  write(field, state);
}

function mebibytes(bytes) {
  return `${Math.round(bytes / MEBIBYTE)} MB`;
}

function load(value) {
  // Negative where the server's system has none.
  return value < 0 ? '–' : value.toFixed(2);
}

function gap({ reason, missed }) {
  if (reason === 'trimmed') {
    return `Gap: ${missed} ${missed === 1 ? 'message' : 'messages'} gone`;
  }
  return 'Gap: the server started anew';
}

/**
 * A list that takes new items and lets old ones go.
 *
 * @param {HTMLElement} list
 * @param {(item: object) => HTMLElement} elementOf
 * @param {boolean} isNewestFirst
 */
function rolling(list, elementOf, isNewestFirst) {
  const shown = new Map();
  return (items) => {
    for (const [item, element] of shown) {
      if (!items.includes(item)) {
        element.remove();
        shown.delete(item);
      }
    }
    for (const item of items.filter((i) => !shown.has(i))) {
      const element = elementOf(item);
      shown.set(item, element);
      list[isNewestFirst ? 'prepend' : 'append'](element);
    }
  };
}

function laneRow({ message, reset }) {
  if (reset) {
    const { element, fields } = copy('gap-template');
    write(fields.text, gap(reset));
    return element;
  }
  const { element, fields } = copy('message-template');
  write(fields.time, time.format(new Date(message.time)));
  write(fields.heap, mebibytes(message.heapUsedBytes));
  write(fields.load, load(message.load));
  return element;
}

function noteText(note) {
  if (note === null) {
    return '';
  }
  if (note.stopped) {
    return 'Stopped. On start it reads on from its offset.';
  }
  if (note.problem) {
    return note.problem.message;
  }
  if (note.reset) {
    return `${gap(note.reset)} (noticed at ${time.format(note.at)}); reading on`;
  }
  return `Read on after ${note.resumedAfter} s, with what was said meanwhile`;
}

/** @param {() => void} onToggle */
export function laneView(parent, { key, name, says }, onToggle) {
  const { element, fields } = copy('lane-template');
  element.dataset.transport = key;
  write(fields.name, name);
  write(fields.says, says);
  write(fields.what, name);
  element.querySelector('button').addEventListener('click', onToggle);
  const showRows = rolling(fields.rows, laneRow, true);
  parent.append(element);
  return (lane) => {
    writeState(fields.state, lane.state);
    write(fields.offset, lane.offset);
    write(fields.messages, lane.messages);
    write(fields.requests, lane.requests);
    write(fields.empty, lane.empty);
    write(fields.note, noteText(lane.note));
    element.dataset.note = lane.note?.reset ? 'gap' : '';
    write(fields.verb, lane.state === 'stopped' ? 'Start' : 'Stop');
    showRows(lane.recent);
  };
}

export function readingsView(element, transports) {
  const fields = fieldsOf(element);
  const counts = transports.map(({ key, name }) => {
    const { element: item, fields: parts } = copy('connection-template');
    item.dataset.transport = key;
    write(parts.name, name);
    write(parts.count, '–');
    fields.open.append(item);
    return (open) => write(parts.count, open[key]);
  });
  return (reading) => {
    write(fields.time, time.format(new Date(reading.time)));
    write(fields.heap, `${mebibytes(reading.heapUsedBytes)} of ${mebibytes(reading.heapMaxBytes)}`);
    fields.meter.value = reading.heapUsedBytes / reading.heapMaxBytes;
    write(fields.load, load(reading.load));
    counts.forEach((show) => show(reading.open));
  };
}

// Anybody may append any JSON value.
function saidText(message) {
  if (typeof message === 'string') {
    return message;
  }
  return typeof message?.text === 'string' ? message.text : JSON.stringify(message);
}

function saidItem({ message, via, reset }) {
  if (reset) {
    const { element, fields } = copy('said-gap-template');
    write(fields.text, gap(reset));
    return element;
  }
  const { element, fields } = copy('said-template');
  write(fields.name, typeof message?.name === 'string' ? message.name : '');
  write(fields.text, saidText(message));
  write(fields.via, via);
  return element;
}

/**
 * @param {(key: string) => void} onTransport
 * @param {(message: {name?: string, text: string}) => Promise<string>} onSay
 */
export function chatView(element, transports, chosenKey, onTransport, onSay) {
  const fields = fieldsOf(element);
  const form = element.querySelector('form');
  const { transport, name, text } = form.elements;
  transport.append(...transports.map((t) => new Option(t.name, t.key)));
  transport.value = chosenKey;
  transport.addEventListener('change', () => onTransport(transport.value));

  function fail(message) {
    write(fields.error, message);
    write(fields.receipt, '');
    text.setAttribute('aria-invalid', message !== '');
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    fail('');
    const written = text.value.trim();
    if (written === '') {
      fail('Write a message first');
      text.focus();
      return;
    }
    const from = name.value.trim();
    try {
      const next = await onSay(from ? { name: from, text: written } : { text: written });
      write(fields.receipt, `Taken. The next offset is ${next}`);
      text.value = '';
    } catch (problem) {
      fail(problem.message);
    }
  });

  const showSaid = rolling(fields.said, saidItem, false);
  return ({ state, offset, said }) => {
    writeState(fields.state, state);
    write(fields.offset, offset);
    // Who reads further up is not pulled down.
    const list = fields.said;
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    showSaid(said);
    if (isAtEnd) {
      list.scrollTop = list.scrollHeight;
    }
  };
}

export function commandView(parent, { title, command }) {
  const { element, fields } = copy('command-template');
  write(fields.title, title);
  write(fields.text, command);
  write(fields.what, title);
  element.querySelector('button').addEventListener('click', async () => {
    // There is no clipboard on a page that came over plain HTTP from another machine.
    try {
      await navigator.clipboard.writeText(command);
      write(fields.verb, 'Copied');
    } catch {
      getSelection().selectAllChildren(fields.text);
      write(fields.verb, 'Selected');
    }
    setTimeout(() => write(fields.verb, 'Copy'), 2000);
  });
  parent.append(element);
}
