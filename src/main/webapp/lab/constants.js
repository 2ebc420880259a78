import { ServerClock } from './clock.js';
import { costs } from './crowd.js';
import { TRANSPORTS } from './transports.js';

/** What is assumed until it is measured, in bytes. */
const ASSUMED = { poll: 1_100, longPoll: 1_200, eventStream: 150, webSocket: 45 };

const RECENT_MILLIS = 20_000;
const AT_LEAST = 3;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Head of a request and of its answer. */
function around(events, via) {
  const asked = events.filter((e) => e.via === via && e.direction === 'out' && ['request', 'held'].includes(e.kind));
  const answered = events.filter((e) => e.via === via && ['response', 'empty'].includes(e.kind));
  return asked.length < AT_LEAST || answered.length < AT_LEAST
    ? NaN
    : mean(asked.map((e) => e.bytes)) + mean(answered.map((e) => e.bytes - e.bodyBytes));
}

/** What a message costs beside itself, where it comes without a request. */
function beside(events, via, kind, messageBytes) {
  const came = events.filter((e) => e.via === via && e.kind === kind && e.direction === 'in');
  const messages = came.reduce((sum, e) => sum + (e.messages ?? 0), 0);
  const bytes = came.reduce((sum, e) => sum + e.bytes, 0);
  return messages < AT_LEAST ? NaN : Math.max(0, bytes / messages - messageBytes);
}

/**
 * The advisor's constants, measured by this page's lanes and by the crowd.
 *
 * @param {Record<string, import('./lane.js').Lane>} lanes
 * @param {import('./bench.js').Bench} bench
 * @param {import('./clock.js').ServerClock} clock
 * @param {any[]} rows the crowd's
 * @returns {import('./advisor.js').Constants & {isAssumed: Record<string, boolean>}}
 */
export function constants(lanes, bench, clock, rows) {
  const since = Math.max(ServerClock.now() - RECENT_MILLIS, bench.sizedAt ?? 0);
  const events = Object.values(lanes).flatMap((lane) => lane.events.filter(({ at }) => at >= since));
  const measured = {
    poll: around(events, 'poll'),
    longPoll: around(events, 'longPoll'),
    eventStream: beside(events, 'eventStream', 'event', bench.bytes),
    webSocket: beside(events, 'webSocket', 'frame', bench.bytes),
  };
  const head = {};
  const isAssumed = {};
  for (const key of TRANSPORTS) {
    isAssumed[key] = !Number.isFinite(measured[key]);
    head[key] = isAssumed[key] ? ASSUMED[key] : measured[key];
  }
  return { trip: clock.trip / 1000, wait: bench.wait, head, cpu: cpu(rows), isAssumed };
}

/** Seconds of the server's processor. */
function cpu(rows) {
  const of = Object.fromEntries(costs(rows).filter((row) => row.serverCpuMillis >= 0 && !row.isNoise).map((row) => [row.turn, row]));
  const seconds = (millis) => (millis === undefined ? NaN : millis / 1000);
  return {
    poll: seconds(of.poll?.perRequest),
    longPoll: seconds(of.longPoll?.perRequest),
    eventStream: seconds(of.eventStream?.perMessage),
    webSocket: seconds(of.webSocket?.perMessage),
  };
}
