import { Problem } from './problem.js';

/**
 * One read of a channel over HTTP: what poll and long poll have in common.
 *
 * @param {string} url of the channel
 * @param {Object<string, ?string>} query parameters; null for none
 * @param {AbortSignal} signal
 * @returns {Promise<{next: string, messages: any[], reset?: {reason: string, missed?: number},
 *     upToDate: boolean, closed: boolean, cursor: ?string}>}
 * @throws {Problem} if the server refuses
 * @throws {TypeError} if it cannot be reached
 */
export async function read(url, query, signal) {
  const given = Object.entries(query).filter(([, value]) => value !== null);
  const response = await fetch(`${url}?${new URLSearchParams(given)}`, {
    signal,
    cache: 'no-store',
  });
  const { status, headers } = response;
  if (status === 410) {
    const problem = await Problem.of(response);
    const { earliest, reset } = problem.document;
    if (!earliest) {
      throw problem;
    }
    return { next: earliest, messages: [], reset, upToDate: false, closed: false, cursor: null };
  }
  if (!response.ok) {
    throw await Problem.of(response);
  }
  return {
    next: headers.get('Stream-Next-Offset'),
    messages: status === 204 ? [] : await response.json(),
    upToDate: headers.has('Stream-Up-To-Date'),
    closed: headers.has('Stream-Closed'),
    cursor: headers.get('Stream-Cursor'),
  };
}
