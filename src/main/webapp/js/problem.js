const OURS = 'urn:switchboard:problem:';

/**
 * Why something is not done: what the server says (RFC 9457), or what this side noticed.
 *
 * @typedef {{type?: string, title?: string, status?: number, detail?: string, earliest?: string,
 *     reset?: import('./transport.js').Reset}} ProblemDocument
 */
export class Problem extends Error {
  /**
   * @param {ProblemDocument} document
   * @param {{cause?: any, retryAfterMillis?: number}} [more] `retryAfterMillis`: do not retry
   *     before
   */
  constructor(document, { cause, retryAfterMillis = 0 } = {}) {
    super(document.detail ?? document.title, { cause });
    this.name = 'Problem';
    this.document = document;
    this.retryAfterMillis = retryAfterMillis;
  }

  /** Whether it is from a Switchboard, not from a proxy. */
  get isAnswer() {
    return this.document.type?.startsWith(OURS) === true;
  }

  /**
   * Whether there is no such channel: of no use to ask on, unless it was there before. Then it may
   * come to be again, as after a restart of the server.
   */
  get isMissing() {
    return this.isAnswer && [404, 410].includes(this.document.status ?? 0);
  }

  /** Whether the server wants another token, or one at all. */
  get isUnauthorized() {
    return this.isAnswer && this.document.status === 401;
  }

  /** Whether asking again is of no use. */
  get isFinal() {
    const { status = 0 } = this.document;
    return this.isAnswer && status >= 400 && status < 500 && ![404, 408, 410, 429].includes(status);
  }

  /** @param {Response} response */
  static async of(response) {
    const seconds = Number(response.headers.get('Retry-After'));
    const retryAfterMillis = seconds > 0 ? seconds * 1000 : 0;
    const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json');
    const { status } = response;
    const bare = { status, title: `The server answered with status ${status}` };
    const document = isProblem ? await response.json().catch(() => bare) : bare;
    return new Problem(document, { retryAfterMillis });
  }

  /**
   * What this side refuses or notices, under the name that the server has for it.
   *
   * @param {string} name one of the endings
   * @param {number} status
   * @param {string} detail
   */
  static named(name, status, detail) {
    return new Problem({ type: OURS + name, status, title: detail, detail });
  }
}
