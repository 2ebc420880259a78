import { Problem } from '../js/problem.js';

/**
 * The server's half of the lab: `docs/lab.md`.
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
    throw new Problem({ title: `${cause}` });
  });
  if (!response.ok) {
    throw await Problem.of(response);
  }
  const text = await response.text();
  return text === '' ? null : JSON.parse(text);
}
