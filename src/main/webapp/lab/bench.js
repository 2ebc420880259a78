import { ask } from './bench-api.js';
import { ServerClock } from './clock.js';
import { numberIn } from './checks.js';
import { byId, complain, write } from './dom.js';
import { figure } from './format.js';
import { languages, t } from './i18n.js';
import { explain } from './problems.js';

/** The slider runs over three decades, so that 0.2 and 20 are both easy to hit. */
const STEPS = 100;

/** What is sent, and how it is asked for: the row of fields above the lanes. */
export class Bench {
  #form = byId('bench');
  #bounds;
  interval = 2;
  wait = 10;

  /**
   * @param {object|null} server what the server says of the lab; nothing where it is off
   * @param {string} channel that the lanes read
   * @param {{onAsk: (transport: string) => void}} lanes told when they must ask otherwise
   */
  constructor(server, channel, lanes) {
    this.lanes = lanes;
    this.#bounds = server?.bounds;
    const { rate, bytes, interval, wait } = this.#form.elements;
    if (server) {
      this.set(server.source);
    } else {
      const off = () => write(byId('lab-off'), t('bench.off', { channel }));
      languages.addEventListener('change', off);
      off();
      byId('lab-off').hidden = false;
      [rate, bytes, byId('rate-slider'), byId('flood')].forEach((one) => (one.disabled = true));
    }
    rate.addEventListener('change', () => this.#publish());
    bytes.addEventListener('change', () => this.#publish());
    interval.addEventListener('change', () => this.#take(interval, 'interval', 'poll', { min: 0.2, max: 60 }));
    wait.addEventListener('change', () => this.#take(wait, 'wait', 'longPoll', { min: 1, max: this.#bounds?.maxWaitSeconds ?? 60, isWhole: true }));
    byId('rate-slider').addEventListener('input', ({ target }) => this.#slide(target));
    byId('rate-slider').addEventListener('change', () => this.#publish());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      document.activeElement?.dispatchEvent(new Event('change'));
    });
    languages.addEventListener('change', () => this.rate && this.#sayRate(this.rate));
    // Enter in a field and a click elsewhere are both a change; an error is shown again.
    languages.addEventListener('change', () => this.#again());
  }

  /** Shows what the server publishes now: another page may have set it. */
  set({ rate, bytes }) {
    const { elements } = this.#form;
    if (document.activeElement !== elements.rate) {
      elements.rate.value = rate;
    }
    if (document.activeElement !== elements.bytes) {
      elements.bytes.value = bytes;
    }
    const { minRate, maxRate } = this.#bounds;
    byId('rate-slider').value = (STEPS * Math.log(rate / minRate)) / Math.log(maxRate / minRate);
    this.#sayRate(rate);
    if (bytes !== this.bytes) {
      this.sizedAt = ServerClock.now();
    }
    this.rate = rate;
    this.bytes = bytes;
  }

  #slide({ value }) {
    const { minRate, maxRate } = this.#bounds;
    const rate = minRate * (maxRate / minRate) ** (value / STEPS);
    this.#form.elements.rate.value = Number(rate.toPrecision(2));
    this.#sayRate(Number(rate.toPrecision(2)));
  }

  // The slider's own value is a step, which says nothing.
  #sayRate(rate) {
    byId('rate-slider').setAttribute('aria-valuetext', t('bench.rateText', { rate: figure(rate) }));
  }

  #check(input, bounds) {
    try {
      const value = numberIn(input.value, bounds);
      complain(input, '');
      return value;
    } catch (error) {
      complain(input, error.message);
      return undefined;
    }
  }

  #again() {
    for (const input of this.#form.querySelectorAll('[aria-invalid]')) {
      input.dispatchEvent(new Event('change'));
    }
  }

  #take(input, name, transport, bounds) {
    const value = this.#check(input, bounds);
    if (value !== undefined && value !== this[name]) {
      this[name] = value;
      this.lanes.onAsk(transport);
    }
  }

  async #publish() {
    const { rate, bytes } = this.#form.elements;
    const { minRate, maxRate, minBytes, maxBytes } = this.#bounds;
    const query = {
      rate: this.#check(rate, { min: minRate, max: maxRate }),
      bytes: this.#check(bytes, { min: minBytes, max: maxBytes, isWhole: true }),
    };
    if (query.rate === undefined || query.bytes === undefined) {
      return;
    }
    try {
      this.set(await ask('PUT', '/source', query));
    } catch (problem) {
      complain(rate, explain(problem));
    }
  }

  /** One line under the fields. */
  note(text) {
    write(byId('bench-note'), text);
  }
}
