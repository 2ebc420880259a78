import { SECRET, TOKEN_PREFIX, withoutToken } from './token.js';
import { headLength, requestHeaders } from './wire.js';

/**
 * The request for a WebSocket, without its token.
 *
 * @param {URL} url
 * @param {Record<string, string>} given
 * @param {string[]} protocols
 */
export function upgrade(url, given, protocols) {
  const line = `GET ${url.pathname}${url.search}`;
  const headers = {
    ...requestHeaders(url, given, true),
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': '(24 random characters..)',
    'sec-websocket-protocol': protocols.join(', '),
    'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
  };
  const head = headLength(`${line} HTTP/1.1`, headers);
  headers['sec-websocket-protocol'] = protocols
    .map((one) => (one.startsWith(TOKEN_PREFIX) ? TOKEN_PREFIX + SECRET : one))
    .join(', ');
  return { line, headers: withoutToken(headers), head };
}

/**
 * The answer that makes it one.
 *
 * @param {WebSocket} socket
 */
export function switching({ protocol, extensions }) {
  const line = '101 Switching Protocols';
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-accept': '(28 characters from the key)',
    ...(protocol ? { 'sec-websocket-protocol': protocol } : {}),
    ...(extensions ? { 'sec-websocket-extensions': extensions } : {}),
  };
  return { line, headers, head: headLength(`HTTP/1.1 ${line}`, headers) };
}

/**
 * What a frame of the server is, in a word or two.
 *
 * @param {any} frame
 */
export function describe({ id, messages, reset, closed, error, tokenExpiresAt, pong }) {
  if (id !== undefined) {
    return error ? `refused: ${error.title}`
      : tokenExpiresAt ? 'token taken' : pong ? 'pong' : 'appended';
  }
  if (error) {
    return error.title;
  }
  return messages ? 'messages' : reset ? 'reset' : closed ? 'closed' : 'hello or heartbeat';
}
