/**
 * What each transport would cost a service: formulas, filled in with measured constants.
 *
 * Messages are taken to come by chance (a Poisson process) at rate λ; S is their size, N the number
 * of clients, L the latency wanted. Times are in seconds here.
 *
 * @typedef {Object} Need
 * @property {number} rate λ, for each client
 * @property {number} bytes S
 * @property {number} clients N
 * @property {number} latency L
 * @property {'none'|'some'|'much'} up
 * @property {Record<string, boolean>} passes which transports get through
 *
 * @typedef {Object} Constants
 * @property {number} trip R, a round trip
 * @property {number} wait W, how long a long poll is held
 * @property {Record<string, number>} head bytes around: a poll and its empty answer; a long poll and
 *     its answer; an event; a frame
 * @property {Record<string, number>} cpu seconds of the server's processor for each poll, long poll,
 *     or message
 *
 * @typedef {Object} Offer
 * @property {string} transport
 * @property {number} requests a second
 * @property {number} useless of them, a second
 * @property {number} bandwidth bytes a second
 * @property {number} mean latency
 * @property {number} worst latency, while nothing breaks
 * @property {number} held connections
 * @property {number} cpu processor seconds a second; `NaN` if not measured
 * @property {boolean} isQuick
 * @property {boolean} passes
 * @property {Record<string, string>} formulas
 */

const SHORTEST_INTERVAL = 0.2;
const LONGEST_INTERVAL = 60;

/** How often a client speaks, a second, where it does. */
const TALK = { none: 0, some: 0.02, much: 5 };

/** What costs little more than the cheapest is as good. */
const ABOUT_THE_SAME = 1.5;

/** Seconds between polls from which on a poll is the simplest that can be. */
const SELDOM = 30;

/** From the simplest on: where two cost about the same, the simpler one is recommended. */
const SIMPLEST_FIRST = ['poll', 'eventStream', 'longPoll', 'webSocket'];

/** @returns {Omit<Offer, 'isQuick'|'passes'>} */
function poll({ rate, bytes, clients, latency }, { trip, head, cpu }) {
  // As seldom as the latency allows: in the worst case a message waits for the whole interval.
  const interval = Math.min(LONGEST_INTERVAL, Math.max(SHORTEST_INTERVAL, latency - trip));
  const requests = clients / interval;
  return {
    transport: 'poll',
    interval,
    requests,
    useless: requests * Math.exp(-rate * interval),
    bandwidth: requests * head.poll + clients * rate * bytes,
    mean: interval / 2 + trip / 2,
    worst: interval + trip,
    held: 0,
    cpu: requests * cpu.poll,
    formulas: {
      requests: `N/T = ${n(clients)}/${n(interval)} s`,
      useless: `N/T·e^(−λT) = ${n(requests)}·e^(−${n(rate * interval)})`,
      bandwidth: `N·(H/T + λS) = ${n(clients)}·(${n(head.poll)}/${n(interval)} + ${n(rate)}·${n(bytes)})`,
      mean: `T/2 + R/2 = ${n(interval / 2)} s + ${n(trip / 2)} s`,
      worst: `T + R = ${n(interval)} s + ${n(trip)} s`,
      held: '0',
      cpu: `N/T·C`,
    },
  };
}

function longPoll({ rate, bytes, clients }, { trip, wait, head, cpu }) {
  // One turn: there, held until a message or the time is up, back.
  const heldFor = (1 - Math.exp(-rate * wait)) / rate;
  const requests = clients / (trip + heldFor);
  const turning = (rate * trip) / (1 + rate * trip);
  return {
    transport: 'longPoll',
    requests,
    useless: requests * Math.exp(-rate * wait),
    bandwidth: requests * head.longPoll + clients * rate * bytes,
    mean: trip / 2 + turning * trip,
    worst: 1.5 * trip,
    held: clients,
    cpu: requests * cpu.longPoll,
    formulas: {
      requests: `N/(R + (1−e^(−λW))/λ) = ${n(clients)}/(${n(trip)} + ${n(heldFor)}) s`,
      useless: `…·e^(−λW) = ${n(requests)}·e^(−${n(rate * wait)})`,
      bandwidth: `requests·H + NλS = ${n(requests)}·${n(head.longPoll)} + ${n(clients * rate)}·${n(bytes)}`,
      mean: `R/2 + R·λR/(1+λR) = ${n(trip / 2)} s + …`,
      worst: `1.5·R = 1.5·${n(trip)} s`,
      held: `N`,
      cpu: `requests·C`,
    },
  };
}

function goesOn(transport, { rate, bytes, clients }, { trip, head, cpu }) {
  const around = head[transport];
  const letter = transport === 'eventStream' ? 'E' : 'F';
  return {
    transport,
    requests: 0,
    useless: 0,
    bandwidth: clients * rate * (bytes + around),
    mean: trip / 2,
    worst: trip / 2,
    held: clients,
    cpu: clients * rate * cpu[transport],
    formulas: {
      requests: '0',
      useless: '0',
      bandwidth: `Nλ·(S + ${letter}) = ${n(clients * rate)}·(${n(bytes)} + ${n(around)})`,
      mean: `R/2 = ${n(trip / 2)} s`,
      worst: `R/2 = ${n(trip / 2)} s`,
      held: 'N',
      cpu: 'NλC',
    },
  };
}

/** A number short enough for a formula. */
function n(value) {
  return value === 0 ? '0' : String(Number(value.toPrecision(value >= 1000 ? 4 : 3)));
}

/** What clients say costs a request each, unless it goes by the connection that is there. */
function withTalk(offer, { clients, up }, { head, cpu }) {
  const words = clients * TALK[up];
  if (words === 0 || offer.transport === 'webSocket') {
    return offer;
  }
  return {
    ...offer,
    requests: offer.requests + words,
    cpu: offer.cpu + words * cpu.poll,
    bandwidth: offer.bandwidth + words * head.poll,
    formulas: {
      ...offer.formulas,
      requests: `${offer.formulas.requests} + ${n(clients)}·${n(TALK[up])} POST`,
    },
  };
}

/**
 * @param {Need} need
 * @param {Constants} constants
 * @returns {Offer[]} one for each transport
 */
export function offers(need, constants) {
  const all = [
    poll(need, constants),
    longPoll(need, constants),
    goesOn('eventStream', need, constants),
    goesOn('webSocket', need, constants),
  ];
  return all.map((offer) => ({
    ...withTalk(offer, need, constants),
    isQuick: offer.worst <= need.latency * 1.001,
    passes: need.passes[offer.transport] ?? true,
  }));
}

/**
 * @param {Offer[]} all
 * @param {Need} need
 * @returns {{offer: Offer, reason: 'cheapest'|'only'|'seldom'|'simple'|'talk'|'none'}}
 */
export function recommend(all, need) {
  const fit = all.filter(({ isQuick, passes }) => isQuick && passes);
  if (fit.length === 0) {
    const through = all.filter(({ passes }) => passes);
    return { offer: through.sort((a, b) => a.worst - b.worst)[0], reason: 'none' };
  }
  if (fit.length === 1) {
    return { offer: fit[0], reason: 'only' };
  }
  // Polls that are so rare keep no connection open and need no support by the network.
  const poll = fit.find(({ interval }) => interval >= SELDOM);
  if (poll && need.up !== 'much') {
    return { offer: poll, reason: 'seldom' };
  }
  const socket = fit.find(({ transport }) => transport === 'webSocket');
  if (need.up === 'much' && socket) {
    return { offer: socket, reason: 'talk' };
  }
  const cost = priceOf(fit);
  const cheapest = Math.min(...fit.map(cost));
  const good = fit.filter((offer) => cost(offer) <= cheapest * ABOUT_THE_SAME);
  const offer = SIMPLEST_FIRST.map((key) => good.find((one) => one.transport === key)).find(Boolean);
  return { offer, reason: cost(offer) === cheapest ? 'cheapest' : 'simple' };
}

// By processor where a crowd measured it; else by bytes, which are known anyway.
function priceOf(fit) {
  const isMeasured = fit.every(({ cpu }) => Number.isFinite(cpu));
  return ({ cpu, bandwidth }) => (isMeasured ? cpu : bandwidth);
}
