import { copy, fieldsOf, write } from './dom.js';
import { bytes, clockTime, millis, percent } from './format.js';
import { languages, t } from './i18n.js';
import { TRANSPORTS } from './transports.js';

/** What the server says of itself once a second. */
export class Readings {
  #fields;
  #counts;
  #last;
  #before;
  #clock;
  #own;

  /**
   * @param {HTMLElement} element
   * @param {import('./clock.js').ServerClock} clock
   */
  constructor(element, clock) {
    this.#fields = fieldsOf(element);
    this.#clock = clock;
    this.#counts = TRANSPORTS.map((key) => {
      const { element: item, fields } = copy('connection-template');
      item.dataset.transport = key;
      this.#fields.open.append(item);
      return { key, fields };
    });
    languages.addEventListener('change', () => this.#show());
    this.#show();
  }

  /**
   * How many of the open connections are this page's own: its lanes', and those by which it hears the
   * readings and what it is told.
   *
   * @param {number} lanes
   * @param {number} others
   */
  own(lanes, others) {
    this.#own = { lanes, others, all: lanes + others };
    this.#show();
  }

  /** @param {any} reading as on the channel `ticker` */
  take(reading) {
    this.#before = this.#last;
    this.#last = reading;
    this.#show();
  }

  #show() {
    for (const { key, fields } of this.#counts) {
      write(fields.name, t(`lane.${key}`));
      write(fields.count, this.#last?.open[key] ?? '–');
    }
    write(this.#fields.own, this.#own ? t('readings.own', this.#own) : '');
    if (!this.#last) {
      return;
    }
    const { time, heapUsedBytes, heapMaxBytes } = this.#last;
    write(this.#fields.time, clockTime(Date.parse(time)));
    write(this.#fields.heap, t('readings.of', { used: bytes(heapUsedBytes), max: bytes(heapMaxBytes) }));
    this.#fields.heapMeter.value = heapUsedBytes / heapMaxBytes;
    this.#showCpu();
    this.showClock();
  }

  #showCpu() {
    const { cpuMillis, processors, time } = this.#last;
    const passed = Date.parse(time) - Date.parse(this.#before?.time);
    if (!(passed > 0) || cpuMillis < 0) {
      return;
    }
    const share = (cpuMillis - this.#before.cpuMillis) / passed / processors;
    write(this.#fields.cpu, t('readings.cores', { share: percent(share), cores: processors }));
    this.#fields.cpuMeter.value = Math.min(1, share);
  }

  /** How its clock stands against this one. */
  showClock() {
    const { offset, trip, isKnown } = this.#clock;
    const values = { ms: millis(Math.abs(offset)), error: millis(trip / 2) };
    write(this.#fields.clock, isKnown
      ? t(offset < 0 ? 'readings.behind' : 'readings.ahead', values)
      : t('readings.unknown'));
  }
}
