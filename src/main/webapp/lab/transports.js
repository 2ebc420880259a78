/** The four, in the order in which a lane hops: the keys are those of the server's readings. */
export const TRANSPORTS = ['poll', 'longPoll', 'eventStream', 'webSocket'];

/** @param {string} transport */
export function nextOf(transport) {
  return TRANSPORTS[(TRANSPORTS.indexOf(transport) + 1) % TRANSPORTS.length];
}
