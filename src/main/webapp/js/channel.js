import { Problem } from './problem.js';
import { nextOf } from './read.js';

/**
 * Creates a channel for JSON, or finds it.
 *
 * @param {string} url
 * @returns {Promise<void>}
 */
export async function create(url) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'PUT', headers });
  if (!response.ok) {
    throw await Problem.of(response);
  }
}

/**
 * Where a channel ends: the offset of what comes next.
 *
 * @param {string} url
 * @returns {Promise<string>}
 */
export async function end(url) {
  const response = await fetch(url, { method: 'HEAD', cache: 'no-store' });
  if (!response.ok) {
    throw await Problem.of(response);
  }
  return nextOf(response.headers);
}
