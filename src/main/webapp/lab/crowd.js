import { ask } from './bench-api.js';
import { numberIn } from './checks.js';
import { complain, copy, fieldsOf, write } from './dom.js';
import { bytes, figure, micros, percent, whole } from './format.js';
import { languages, t } from './i18n.js';
import { explain } from './problems.js';
import { TRANSPORTS } from './transports.js';

const COLUMNS = ['readers', 'requests', 'empty', 'messages', 'bytes', 'cpu', 'perMessage', 'heap'];
const DEFAULT_READERS = 50;
const LEAST_SHARE = 0.005;

/** Readers that the server opens to itself, and what they cost it. */
export class Crowd extends EventTarget {
  #fields;
  #form;
  #inputs;
  #bench;
  #bounds;
  #state = { running: false, doing: 'none', turn: 'none', rows: [] };
  #words = () => '';

  /**
   * @param {HTMLElement} element
   * @param {import('./bench.js').Bench} bench
   * @param {object|null} server what it says of the lab
   */
  constructor(element, bench, server) {
    super();
    this.#fields = fieldsOf(element);
    this.#form = element.querySelector('form');
    this.#bench = bench;
    this.#bounds = server?.bounds ?? { maxReaders: 0, maxSeconds: 1 };
    this.#inputs = TRANSPORTS.map((key) => this.#input(key));
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#fields.stop.addEventListener('click', () => this.#stop());
    languages.addEventListener('change', () => this.#show());
    if (this.#bounds.maxReaders === 0) {
      this.#words = () => t(server ? 'crowd.off' : 'problem.lab-off');
    }
    this.take(server?.crowd ?? this.#state);
  }

  #input(key) {
    const { element, fields: { label, input } } = copy('count-template');
    element.dataset.transport = key;
    input.id = `crowd-${key}`;
    input.name = key;
    input.value = Math.min(DEFAULT_READERS, this.#bounds.maxReaders);
    input.setAttribute('aria-describedby', 'crowd-error');
    label.htmlFor = input.id;
    this.#fields.counts.append(element);
    return { key, label, input };
  }

  /** @param {any} state as the server tells it */
  take(state) {
    this.#state = state;
    this.#show();
    this.dispatchEvent(new Event('change'));
  }

  get rows() {
    return this.#state.rows;
  }

  async #send() {
    const { maxReaders, maxSeconds } = this.#bounds;
    const query = { pollInterval: this.#bench.interval, wait: this.#bench.wait };
    const fields = [...this.#inputs.map(({ key, input }) => [key, input, 0, maxReaders]),
      ['seconds', this.#form.elements.seconds, 1, maxSeconds]];
    for (const [name, input, min, max] of fields) {
      try {
        query[name] = numberIn(input.value, { min, max, isWhole: true });
        input.removeAttribute('aria-invalid');
      } catch {
        this.#fail(input, () => reason(() => numberIn(input.value, { min, max, isWhole: true })));
        return;
      }
    }
    await this.#ask('PUT', query);
  }

  #stop() {
    return this.#ask('DELETE', {});
  }

  async #ask(method, query) {
    const { seconds } = this.#form.elements;
    try {
      await ask(method, '/crowd', query);
      this.#words = () => '';
      complain(seconds, '');
    } catch (problem) {
      this.#fail(seconds, () => explain(problem));
    }
  }

  #fail(input, words) {
    this.#words = words;
    complain(input, words());
    input.focus();
  }

  #show() {
    const { running, doing, turn, rows } = this.#state;
    const off = this.#bounds.maxReaders === 0;
    write(this.#fields.error, this.#words());
    this.#inputs.forEach(({ key, label, input }) => {
      write(label, t('crowd.count', { lane: t(`lane.${key}`) }));
      input.disabled = off;
    });
    this.#fields.send.disabled = off || running;
    this.#fields.stop.disabled = !running;
    this.#fields.state.dataset.state = running ? 'live' : 'closed';
    write(this.#fields.state, t(`crowd.state.${doing || 'none'}`, { turn: nameOf(turn) }));
    this.#fields.rows.replaceChildren(...costs(rows).map((row) => this.#row(row)));
  }

  #row(row) {
    const line = document.createElement('tr');
    line.dataset.transport = row.turn;
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = nameOf(row.turn);
    line.append(head, ...COLUMNS.map((column) => {
      const cell = document.createElement('td');
      cell.textContent = row.shown[column];
      return cell;
    }));
    if (row.failures) {
      head.title = t('crowd.failures', { count: row.failures, failure: row.failure });
      head.textContent += ' ⚠';
    }
    return line;
  }
}

function reason(check) {
  try {
    check();
    return '';
  } catch (error) {
    return error.message;
  }
}

function nameOf(turn) {
  return turn === 'idle' || turn === 'none' ? t('crowd.idle') : t(`lane.${turn}`);
}

/**
 * What each turn cost the server, beyond what it costs without a crowd.
 *
 * @param {any[]} rows as the server measured them
 */
export function costs(rows) {
  const idle = rows.filter(({ turn }) => turn === 'idle').map((row) => row.serverCpuMillis / row.millis);
  const idleShare = idle.length ? idle.reduce((sum, share) => sum + share, 0) / idle.length : 0;
  // What differs by less than the server without a crowd differs from itself, is not measured.
  const noise = Math.max(LEAST_SHARE, ...idle.map((share) => Math.abs(share - idleShare)));
  return rows.map((row) => {
    const seconds = row.millis / 1000;
    const isIdle = row.turn === 'idle';
    const ownShare = row.serverCpuMillis / row.millis - (isIdle ? 0 : idleShare);
    const isNoise = !isIdle && ownShare < noise;
    const share = isNoise ? noise : ownShare;
    const less = isNoise ? '< ' : '';
    const cpuMillis = share * row.millis;
    const perMessage = row.messages ? cpuMillis / row.messages : NaN;
    const perRequest = row.requests ? cpuMillis / row.requests : NaN;
    const shown = {
      readers: isIdle ? '–' : `${whole(row.connected)}`,
      requests: figure(row.requests / seconds),
      empty: figure(row.empty / seconds),
      messages: figure(row.messages / seconds),
      bytes: bytes(row.bytesDown / seconds),
      cpu: row.serverCpuMillis < 0 ? '–' : less + percent(share),
      perMessage: Number.isFinite(perMessage) && row.serverCpuMillis >= 0 ? less + micros(perMessage) : '–',
      heap: bytes(row.heapUsedBytes),
    };
    return { ...row, perMessage, perRequest, isNoise, shown };
  });
}
