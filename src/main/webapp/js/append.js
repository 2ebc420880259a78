import { Problem } from './problem.js';

/**
 * Appends to a channel over HTTP, for the transports that only read.
 *
 * @param {string} url of the channel
 * @param {any} message any JSON value; an array is several messages
 * @returns {Promise<string>} the offset behind it
 * @throws {Problem} if the server refuses it or cannot be reached
 */
export async function append(url, message) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(15_000),
  }).catch(() => {
    throw new Problem({
      title: 'The server cannot be reached. The message is not known to be taken',
    });
  });
  if (!response.ok) {
    throw await Problem.of(response);
  }
  return response.headers.get('Stream-Next-Offset');
}
