/** What the server says about a request that it does not do (RFC 9457). */
export class Problem extends Error {
  /** @param {{type?: string, title?: string, status?: number, detail?: string}} document */
  constructor(document) {
    super(document.detail ?? document.title);
    this.name = 'Problem';
    this.document = document;
  }

  /**
   * Whether asking again is of no use. An unknown channel may come to be, and what is no problem
   * document comes from a server that is not ready yet.
   */
  get isFinal() {
    const { type, status } = this.document;
    return type !== undefined && status >= 400 && status < 500 && ![404, 408, 410].includes(status);
  }

  /** @param {Response} response */
  static async of(response) {
    const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json');
    return new Problem(
      isProblem
        ? await response.json()
        : { status: response.status, title: `The server answered with status ${response.status}` });
  }
}
