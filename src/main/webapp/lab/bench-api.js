import { Problem } from '../js/problem.js';

/** There was no response. The message of the platform, such as "Failed to fetch", does not help. */
export class Unreachable extends Problem {
  /** @param {unknown} cause */
  constructor(cause) {
    super({ type: 'urn:switchboard:lab:unreachable', title: 'The server is not reachable' }, { cause });
  }
}

/**
 * The server's half of the lab: `docs/reference/lab.md`.
 *
 * @param {'GET'|'PUT'|'DELETE'} method
 * @param {string} [path] behind `lab/api`
 * @param {Record<string, any>} [query]
 * @returns {Promise<any>} what it answers
 * @throws {Problem} if it refuses or cannot be reached
 */
export async function ask(method, path = '', query = {}) {
  const search = new URLSearchParams(query).toString();
  const url = new URL(`lab/api${path}${search && `?${search}`}`, document.baseURI);
  const response = await fetch(url, { method, cache: 'no-store' }).catch((cause) => {
    throw new Unreachable(cause);
  });
  if (!response.ok) {
    throw await Problem.of(response);
  }
  const text = await response.text();
  return text === '' ? null : JSON.parse(text);
}
