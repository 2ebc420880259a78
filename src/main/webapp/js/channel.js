import { unreachable } from './http.js';
import { Problem } from './problem.js';
import { nextOf } from './read.js';
import { Token, authorization } from './token.js';

/**
 * @typedef {Object} Who asks
 * @property {import('./token.js').Given} [token] as that of a subscription
 * @property {Record<string, string>} [headers]
 */

/**
 * Creates a channel for JSON, or finds it.
 *
 * @param {string} url
 * @param {Who} [who]
 * @returns {Promise<void>}
 */
export async function create(url, who) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await ask(url, { method: 'PUT' }, headers, who);
  if (!response.ok) {
    throw await Problem.of(response);
  }
}

/**
 * Where a channel ends: the offset of what comes next.
 *
 * @param {string} url
 * @param {Who} [who]
 * @returns {Promise<string>}
 */
export async function end(url, who) {
  const response = await ask(url, { method: 'HEAD', cache: 'no-store' }, {}, who);
  if (!response.ok) {
    throw await Problem.of(response);
  }
  return nextOf(response.headers);
}

/**
 * @param {string} url
 * @param {RequestInit} how
 * @param {Record<string, string>} headers
 * @param {Who} [who]
 * @returns {Promise<Response>}
 */
async function ask(url, how, headers, { token: given, headers: more } = {}) {
  const token = new Token(given);
  const once = async () => {
    const all = { ...more, ...headers, ...authorization(await token.get()) };
    try {
      return await fetch(url, { ...how, headers: all });
    } catch (cause) {
      const base = globalThis.document?.baseURI ?? globalThis.location?.href;
      throw new Problem({ title: unreachable({ url: new URL(url, base), met: {} }) }, { cause });
    }
  };
  const response = await once();
  return response.status === 401 && token.refused() ? once() : response;
}
