/**
 * Everything that is sent and received, for an observer.
 *
 * @callback OnWire
 * @param {WireEvent} event
 * @returns {void}
 *
 * @typedef {Object} WireEvent
 * @property {number} at when, by `performance.now()`
 * @property {'out'|'in'} direction seen from the client
 * @property {WireKind} kind
 * @property {number} id of the exchange: a request and everything that follows, or a WebSocket from its
 *     upgrade to its end. Unique within the page
 * @property {import('./transport.js').TransportName|'append'} via the transport; `append` for a `POST`
 * @property {string} line the first line: `GET /channels/news?offset=…`, `200 OK`
 * @property {Record<string, string>} [headers] of requests and answers, names in lower case
 * @property {string} [text] the body, event or frame; its first 500 characters
 * @property {number} [messages] how many it carries
 * @property {number} bytes including headers
 * @property {number} bodyBytes of these, without headers and frame headers
 * @property {boolean} measured `bytes` was counted. Otherwise it is computed: a page cannot see the
 *     headers that its browser adds, a handshake, or the exact form of a response's headers
 *
 * @typedef {'request'|'held'|'response'|'empty'|'problem'|'upgrade'|'open'|'event'|'comment'|
 *     'frame'|'close'|'abort'|'error'} WireKind
 *   - `request` out: a request that is answered at once
 *   - `held` out: a request that may wait
 *   - `response` in: a response with messages, or to an append
 *   - `empty` in: a response without messages
 *   - `problem` in: an error response
 *   - `upgrade` out: the request for a WebSocket
 *   - `open` in: the response of an event stream; the `101` of a WebSocket
 *   - `event` in: of an event stream
 *   - `comment` in: of an event stream, a heartbeat
 *   - `frame` in or out: of a WebSocket
 *   - `close` in: the server ended it, with a close frame or the end of the response;
 *     out: a close frame
 *   - `abort` out: aborted by the client
 *   - `error` in: the connection was refused or failed
 */

const TEXT_LENGTH = 500;

/** These end an exchange. @type {Set<string>} */
const ENDS = new Set(['in response', 'in empty', 'in problem', 'in close', 'in error', 'out abort']);

let lastId = 0;

/**
 * Reports one exchange to an observer.
 *
 * @param {OnWire|undefined} onWire
 * @param {WireEvent['via']} via
 */
export function exchange(onWire, via) {
  const id = ++lastId;
  let isOver = false;
  /**
   * @param {'out'|'in'} direction
   * @param {WireKind} kind
   * @param {() => {line: string, head?: number, measured?: boolean, text?: string,
   *     headers?: Record<string, string>, messages?: number}} describe called only with an
   *     observer; `head`: bytes in addition to those of the text
   */
  return function tell(direction, kind, describe) {
    if (!onWire || isOver) {
      return;
    }
    isOver = ENDS.has(`${direction} ${kind}`);
    const { line, head = 0, measured = false, text, ...rest } = describe();
    const bodyBytes = text === undefined ? 0 : utf8Length(text);
    observe(onWire, {
      at: performance.now(),
      direction,
      kind,
      id,
      via,
      line,
      ...rest,
      ...(text === undefined ? {} : { text: text.slice(0, TEXT_LENGTH) }),
      bytes: head + bodyBytes,
      bodyBytes,
      measured,
    });
  };
}

/** @typedef {ReturnType<typeof exchange>} Tell */

/**
 * @param {OnWire} onWire
 * @param {WireEvent} event
 */
function observe(onWire, event) {
  try {
    onWire(event);
  } catch (error) {
    // As a listener's: reported, and no harm to the connection.
    queueMicrotask(() => {
      throw error;
    });
  }
}

/**
 * How many bytes a text has in UTF-8.
 *
 * @param {string} text
 */
export function utf8Length(text) {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      // Each half of a surrogate pair counts two of the pair's four bytes.
      length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
    }
  }
  return length;
}

/**
 * The head of an HTTP request or answer, in bytes: its first line, its headers, an empty line.
 *
 * @param {string} line
 * @param {Record<string, string>} headers
 */
export function headLength(line, headers) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [line, ...lines, ''].reduce((sum, one) => sum + utf8Length(one) + 2, 0);
}

/**
 * The header of a WebSocket frame, in bytes (RFC 6455 §5.2).
 *
 * @param {number} payloadBytes
 * @param {boolean} isMasked as all that a client sends
 */
export function frameHead(payloadBytes, isMasked) {
  const length = payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10;
  return length + (isMasked ? 4 : 0);
}

/**
 * The headers of a request as a browser completes them. A page cannot see them, so this is what
 * Chromium does today, without cookies; others send some less.
 *
 * @param {URL} url
 * @param {Record<string, string>} given
 * @param {boolean} [isUpgrade] of a WebSocket
 * @returns {Record<string, string>}
 */
export function requestHeaders(url, given, isUpgrade = false) {
  const { navigator, location } = globalThis;
  const languages = navigator?.languages ?? ['*'];
  return {
    host: url.host,
    connection: 'keep-alive',
    'user-agent': navigator?.userAgent ?? 'node',
    'accept-encoding': location ? 'gzip, deflate, br, zstd' : 'gzip, deflate',
    'accept-language': languages
      .map((language, index) => (index ? `${language};q=${1 - index / 10}` : language))
      .join(','),
    ...(location ? { pragma: 'no-cache', 'cache-control': 'no-cache' } : {}),
    ...(location && isUpgrade ? { origin: location.origin } : {}),
    ...(isUpgrade ? {} : { accept: '*/*', 'sec-fetch-mode': 'cors' }),
    ...(location && !isUpgrade
      ? { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty', referer: location.href }
      : {}),
    ...(isUpgrade ? {} : brands()),
    ...lowerCase(given),
  };
}

/** @returns {Record<string, string>} what Chromium says of itself, to secure servers and its own */
function brands() {
  /** @type {any} */
  const { userAgentData } = globalThis.navigator ?? {};
  if (!userAgentData) {
    return {};
  }
  return {
    'sec-ch-ua': userAgentData.brands
      .map((/** @type {any} */ { brand, version }) => `"${brand}";v="${version}"`)
      .join(', '),
    'sec-ch-ua-mobile': userAgentData.mobile ? '?1' : '?0',
    'sec-ch-ua-platform': `"${userAgentData.platform}"`,
  };
}

/** @param {Record<string, string>} headers */
function lowerCase(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
