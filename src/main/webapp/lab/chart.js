import uPlot from '../webjars/uplot/1.6.30/dist/uPlot.esm.js';
import { copy, fieldsOf, write } from './dom.js';
import { bytes, clockTime, figure, millis } from './format.js';
import { ofTransport } from './figures.js';
import { languages, t } from './i18n.js';
import { TRANSPORTS } from './transports.js';

const SECONDS = 120;
const FIGURES = ['latency', 'messages', 'requests', 'useless', 'down', 'up', 'behind'];
const HEIGHT = 240;

const AS = {
  latency: millis, messages: figure, requests: figure, useless: figure, down: bytes, up: bytes, behind: figure,
};

/** Compares the transports over time, for one figure: those that are in use, whichever lane uses them. */
export class Comparison {
  #fields;
  #select;
  #plot;
  #times = [];
  #series = Object.fromEntries(FIGURES.map((key) => [key, TRANSPORTS.map(() => [])]));
  #values;
  #lanes = TRANSPORTS.map(() => 1);

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#fields = fieldsOf(element);
    this.#select = element.querySelector('select');
    this.#select.append(...FIGURES.map((key) => new Option(t(`compare.${key}`), key)));
    this.#select.addEventListener('change', () => this.#draw());
    this.#values = TRANSPORTS.map((key) => {
      const { element: item, fields } = copy('connection-template');
      item.dataset.transport = key;
      this.#fields.values.append(item);
      return fields;
    });
    new ResizeObserver(() => this.#draw()).observe(this.#fields.plot);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
    languages.addEventListener('change', () => this.#draw());
  }

  /**
   * One second is over.
   *
   * @param {{transport: string, figures: Record<string, number>}[]} lanes
   */
  add(lanes) {
    this.#times.push(Date.now() / 1000);
    TRANSPORTS.forEach((transport, i) => {
      const own = lanes.filter((lane) => lane.transport === transport);
      this.#lanes[i] = own.length;
      for (const key of FIGURES) {
        this.#series[key][i].push(ofTransport(own.map(({ figures }) => figures[key])));
      }
    });
    if (this.#times.length > SECONDS) {
      this.#times.shift();
      Object.values(this.#series).flat().forEach((values) => values.shift());
    }
    this.#show();
  }

  get #figure() {
    return this.#select.value;
  }

  get #data() {
    return [this.#times, ...this.#series[this.#figure]];
  }

  #show() {
    this.#plot?.setData(this.#data);
    TRANSPORTS.forEach((key, i) => {
      const now = this.#series[this.#figure][i].at(-1);
      const lanes = this.#lanes[i];
      write(this.#values[i].name, lanes === 1 ? t(`lane.${key}`)
        : t(lanes ? 'compare.lanes' : 'compare.unused', { lane: t(`lane.${key}`), lanes }));
      write(this.#values[i].count, Number.isFinite(now) ? AS[this.#figure](now) : '–');
    });
  }

  /** Creates the chart again with the current size, colors and language. */
  #draw() {
    for (const option of this.#select.options) {
      option.textContent = t(`compare.${option.value}`);
    }
    write(this.#fields.says, t(`says.${this.#figure}`));
    const style = getComputedStyle(this.#fields.plot);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--soft'), grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 }, font: '12px system-ui, sans-serif',
    };
    this.#plot?.destroy();
    this.#plot = new uPlot({
      width: this.#fields.plot.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_, min, max) => [0, Math.max(1, max * 1.1)] } },
      axes: [
        { ...axis, values: (_, times) => times.map((at) => clockTime(at * 1000)), space: 90 },
        { ...axis, size: 64, values: (_, values) => values.map((one) => AS[this.#figure](one)) },
      ],
      series: [
        {},
        ...TRANSPORTS.map((key) => ({
          label: t(`lane.${key}`), stroke: colour(`--${key}`), width: 2, points: { show: false },
        })),
      ],
    }, this.#data, this.#fields.plot);
    this.#show();
  }
}
