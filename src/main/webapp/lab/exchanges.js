/**
 * What the wire events of a lane mean on a diagram.
 *
 * @typedef {Object} Span a time in which the server holds something open
 * @property {number} from
 * @property {number} to `Infinity` while it lasts
 * @property {'held'|'stream'|'standIn'} kind
 * @property {any} event with which it begins
 */

const OPENS = { held: 'held', open: 'stream' };
const BEGINNINGS = new Set(['request', 'held', 'upgrade', 'open']);
const ENDS = new Set(['response', 'empty', 'problem', 'error', 'abort', 'close']);

/**
 * @param {any[]} events oldest first
 * @returns {Span[]}
 */
export function spans(events) {
  const found = [];
  const open = new Map();
  const end = (id, at) => {
    const span = open.get(id);
    if (span) {
      span.to = at;
      open.delete(id);
    }
  };
  for (const event of events) {
    const { at, id, kind, via } = event;
    if (kind === 'cut') {
      [...open.keys()].filter((key) => key !== 'standIn').forEach((key) => end(key, at));
    } else if (event.isStandIn && kind === 'opened') {
      begin(found, open, 'standIn', event, 'standIn');
    } else if (event.isStandIn && kind === 'ended') {
      end('standIn', at);
    } else if (via !== 'append' && OPENS[kind]) {
      begin(found, open, id, event, OPENS[kind]);
    } else if (ENDS.has(kind)) {
      end(id, at);
    }
  }
  return found;
}

function begin(found, open, id, event, kind) {
  const span = { from: event.at, to: Infinity, kind, event };
  open.set(id, span);
  found.push(span);
}

/**
 * What is to be kept of the events: those since a time, and those with which began what is still open,
 * however long ago that was.
 *
 * @param {any[]} events oldest first
 * @param {number} oldest milliseconds since 1970
 * @param {number} max of those since then
 */
export function kept(events, oldest, max) {
  const open = spans(events).filter(({ to }) => to === Infinity).map(({ event }) => event);
  const isOpen = (event) => open.includes(event)
    || (BEGINNINGS.has(event.kind) && open.some(({ id }) => id === event.id));
  const young = Math.max(events.findIndex(({ at }) => at >= oldest), events.length - max);
  const from = young < 0 ? events.length : young;
  return events.filter((event, index) => index >= from || isOpen(event));
}

/** Whether an event is worth nothing to the reader. */
export function isUseless({ kind }) {
  return kind === 'empty' || kind === 'comment';
}

export function isBroken({ kind }) {
  return ['error', 'problem', 'cut', 'abort'].includes(kind);
}

/** The few characters that fit beside an arrow. */
export function short(event) {
  const { kind, messages = 0, line, direction } = event;
  if (kind === 'upgrade') {
    return 'GET Upgrade';
  }
  if (kind === 'open') {
    return line.slice(0, 3);
  }
  if (kind === 'empty' || kind === 'problem') {
    return line.slice(0, 3);
  }
  if (kind === 'ping' || kind === 'pong') {
    return kind;
  }
  if (direction === 'out') {
    return ['request', 'held'].includes(kind) ? line.split(' ')[0] : '';
  }
  return messages > 1 ? `${messages}×` : '';
}
