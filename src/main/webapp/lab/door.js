import { Problem } from '../js/problem.js';
import { Unreachable, ask } from './bench-api.js';
import { channelName } from './checks.js';
import { complain, copy, fieldsOf, write } from './dom.js';
import { languages, t } from './i18n.js';
import { openings } from './opening.js';

/** What the page watches where the lab is on, and where it is off. */
const LAB = 'lab';
const TICKER = 'ticker';

const REFUSALS = { 401: 'token', 403: 'closed', 404: 'missing' };

/**
 * What the page may read, and on which terms. Where it may not read anything, it says so, and how that is
 * changed; and it asks for a token, or for another channel. A token is kept in this page's memory only.
 *
 * @typedef {{server: object|null, channel: string, offset: string, token?: string}} Opened `server`: what
 *     it says of the lab; nothing where the lab cannot be used
 */
export class Door {
  #element;
  #fields;
  #form;
  #words = () => {};
  /** The status that was answered before a token was given. */
  #withoutToken;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
    this.#fields = fieldsOf(element);
    this.#form = element.querySelector('form');
    languages.addEventListener('change', () => this.#words());
  }

  /** @returns {Promise<Opened>} when there is something to read, which may never be */
  async opened() {
    const server = await labOf();
    let wanted = { channel: server ? LAB : TICKER };
    for (;;) {
      try {
        const offset = await endOf(wanted);
        this.#show(false);
        return { server: wanted.channel === LAB ? server : null, offset, ...wanted };
      } catch (problem) {
        wanted = await this.#askFor(problem, wanted);
      }
    }
  }

  /** @param {boolean} isShut */
  #show(isShut) {
    this.#element.hidden = !isShut;
    document.getElementById('page').hidden = isShut;
    document.querySelector('.try').hidden = isShut;
  }

  /**
   * @param {any} problem
   * @param {{channel: string, token?: string}} wanted
   * @returns {Promise<{channel: string, token?: string}>} what is wanted next
   */
  #askFor(problem, { channel, token }) {
    const { title, what, detail, open, servers } = this.#fields;
    const isAway = problem instanceof Unreachable;
    const { status } = problem.document ?? {};
    const kind = isAway ? 'away' : (REFUSALS[status] ?? 'other');
    if (token === undefined) {
      this.#withoutToken = status;
    }
    // A server that checks tokens responds 401 to a request without one.
    const told = kind !== 'closed' || token === undefined ? kind
      : this.#withoutToken === 401 ? 'notGranted' : 'noTokens';
    this.#words = () => {
      write(title, t(`door.${told}`, { channel }));
      write(what, t(`door.${told}.what`, { channel }));
      write(detail, isAway ? '' : t('door.says', { status: status ?? '–', detail: problem.message }));
    };
    this.#words();
    open.hidden = !['closed', 'token', 'noTokens'].includes(told);
    servers.replaceChildren(...openings().map(({ name, is, commands }) => {
      const { element, fields } = copy('opening-template');
      write(fields.name, name);
      write(fields.commands, commands.join('\n'));
      element.open = is.test(problem.server ?? '');
      return element;
    }));
    this.#form.elements.channel.value = channel;
    this.#show(true);
    return this.#next();
  }

  /** @returns {Promise<{channel: string, token?: string}>} when the form is sent */
  #next() {
    const { channel, token } = this.#form.elements;
    return new Promise((resolve) => {
      const submit = (event) => {
        event.preventDefault();
        const given = token.value.trim().replace(/^Bearer\s+/i, '');
        complain(token, given === '' || /^[\w.~+-]+$/.test(given) ? '' : t('door.badToken'));
        complain(channel, badName(channel.value.trim()));
        if (this.#form.querySelector('[aria-invalid]')) {
          return;
        }
        this.#form.removeEventListener('submit', submit);
        resolve({ channel: channel.value.trim(), ...(given ? { token: given } : {}) });
      };
      this.#form.addEventListener('submit', submit);
    });
  }
}

function badName(name) {
  try {
    channelName(name);
    return '';
  } catch (error) {
    return error.message;
  }
}

/** The state of the lab; nothing if it is off, or not open to everyone. */
async function labOf() {
  try {
    return await ask('GET');
  } catch {
    return null; // whether the server is there at all shows next
  }
}

/**
 * Where a channel ends. Not by HEAD: its answer has no body that says why not.
 *
 * @param {{channel: string, token?: string}} wanted
 * @throws {Problem} with `server`, what the server says of itself
 */
async function endOf({ channel, token }) {
  const url = new URL(`channels/${channel}?offset=now`, document.baseURI);
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, cache: 'no-store' }).catch((cause) => {
    throw new Unreachable(cause);
  });
  if (!response.ok) {
    throw Object.assign(await Problem.of(response), { server: response.headers.get('Server') });
  }
  const type = response.headers.get('Content-Type');
  const offset = response.headers.get('Stream-Next-Offset');
  if (offset === null || !type?.startsWith('application/json')) {
    throw new Problem({ title: t('problem.content-type-mismatch'), status: 200 });
  }
  return offset;
}
