import { offers, recommend } from './advisor.js';
import { numberIn } from './checks.js';
import { complain, copy, fieldsOf, write } from './dom.js';
import { bytes, figure, micros, millis, percent, whole } from './format.js';
import { languages, t } from './i18n.js';
import { TRANSPORTS } from './transports.js';

const BOUNDS = {
  rate: { min: 0.001, max: 10_000 },
  bytes: { min: 1, max: 1_000_000, isWhole: true },
  clients: { min: 1, max: 10_000_000, isWhole: true },
  latency: { min: 1, max: 3_600_000, isWhole: true },
};

const ROWS = {
  requests: ({ requests }) => figure(requests),
  useless: ({ useless }) => figure(useless),
  bandwidth: ({ bandwidth }) => bytes(bandwidth),
  mean: ({ mean }) => millis(mean * 1000),
  worst: ({ worst }) => millis(worst * 1000),
  held: ({ held }) => whole(held),
  cpu: ({ cpu }) => (Number.isFinite(cpu) ? percent(cpu) : t('advisor.unknownCpu')),
};

const NAMES = { held: 'heldOpen' };

/** Asks what a service needs, and shows what each transport would cost it. */
export class AdvisorView {
  #fields;
  #form;
  #constants;
  #offers = new Map();

  /**
   * @param {HTMLElement} element
   * @param {() => ReturnType<import('./constants.js').constants>} constants as measured now
   */
  constructor(element, constants) {
    this.#fields = fieldsOf(element);
    this.#form = element.querySelector('form');
    this.#constants = constants;
    for (const key of TRANSPORTS) {
      this.#offers.set(key, this.#makeOffer(key));
    }
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#form.addEventListener('input', () => this.show());
    languages.addEventListener('change', () => this.show());
    this.show();
  }

  #makeOffer(key) {
    const { element, fields } = copy('offer-template');
    element.dataset.transport = key;
    const rows = Object.keys(ROWS).map((row) => {
      const { element: line, fields: parts } = copy('formula-template');
      line.dataset.row = row;
      fields.rows.append(line);
      return [row, parts];
    });
    this.#fields.offers.append(element);
    return { element, fields, rows };
  }

  /** @returns {import('./advisor.js').Need|null} nothing while a field is wrong */
  #need() {
    const { elements } = this.#form;
    const need = { up: elements.up.value, passes: { poll: true } };
    let isRight = true;
    for (const [name, bounds] of Object.entries(BOUNDS)) {
      try {
        need[name] = numberIn(elements[name].value, bounds);
        complain(elements[name], '');
      } catch (error) {
        complain(elements[name], error.message);
        isRight = false;
      }
    }
    for (const name of ['webSocket', 'eventStream', 'longPoll']) {
      need.passes[name] = elements[name].checked;
    }
    need.latency /= 1000;
    return isRight ? need : null;
  }

  /** Computes it again with the current measurements. */
  show() {
    const need = this.#need();
    if (!need) {
      return;
    }
    const constants = this.#constants();
    const all = offers(need, constants);
    const { offer, reason } = recommend(all, need);
    all.forEach((one) => this.#showOffer(one, one === offer));
    this.#showVerdict(offer, reason);
    this.#showConstants(constants);
  }

  #showOffer(offer, isBest) {
    const { element, fields, rows } = this.#offers.get(offer.transport);
    const badge = isBest ? 'best' : !offer.passes ? 'blocked' : !offer.isQuick ? 'late' : 'possible';
    element.dataset.badge = badge;
    write(fields.name, t(`lane.${offer.transport}`));
    write(fields.badge, t(`advisor.${badge}`));
    for (const [row, parts] of rows) {
      write(parts.name, t(`advisor.${NAMES[row] ?? row}`));
      const value = ROWS[row](offer);
      write(parts.value, value);
      // A number that is its own formula says nothing more.
      write(parts.formula, offer.formulas[row] === value ? '' : offer.formulas[row]);
    }
  }

  #showVerdict(offer, reason) {
    const { verdict, choice, reason: why, price } = this.#fields;
    const isMeasured = Number.isFinite(offer.cpu);
    const cost = isMeasured
      ? t('advisor.cost.cpu', { cpu: percent(offer.cpu) })
      : t('advisor.cost.bytes', { bytes: bytes(offer.bandwidth) });
    verdict.dataset.transport = offer.transport;
    write(choice, t(`lane.${offer.transport}`));
    write(why, t(`advisor.reason.${reason}`, { cost }));
    write(price, t(`advisor.price.${offer.transport}`, {
      requests: figure(offer.requests), useless: figure(offer.useless),
      mean: millis(offer.mean * 1000), held: whole(offer.held),
    }));
  }

  #showConstants({ trip, head, cpu, isAssumed }) {
    const rows = [['trip', millis(trip * 1000)]];
    for (const key of TRANSPORTS) {
      const value = bytes(head[key]);
      rows.push([key, isAssumed[key] ? t('advisor.assumed', { value }) : value]);
    }
    for (const key of TRANSPORTS) {
      const name = `cpu${key[0].toUpperCase()}${key.slice(1)}`;
      rows.push([name, Number.isFinite(cpu[key]) ? micros(cpu[key] * 1000) : t('advisor.unknownCpu')]);
    }
    this.#fields.constants.replaceChildren(...rows.map(([name, value]) => {
      const { element, fields } = copy('figure-template');
      write(fields.name, t(`advisor.constant.${name}`));
      write(fields.value, value);
      return element;
    }));
  }
}
