import { copy, write } from './dom.js';
import { bytes, clockTime, figure, millis, whole } from './format.js';
import { languages, t } from './i18n.js';
import { say } from './problems.js';
import { Scope } from './scope.js';

const FIGURES = ['p50', 'p99', 'messages', 'requests', 'useless', 'down', 'up', 'held', 'away', 'wrong'];
const KEYS = { ArrowLeft: -1, ArrowRight: 1 };

/** One lane on the page: its wire, its figures, its buttons. */
export class LaneView {
  #lane;
  #picture;
  #fields;
  #element;
  #scope;
  #values;
  #chosen = null;
  #trail = [];

  /**
   * @param {HTMLElement} element its place on the page
   * @param {import('./lane.js').Lane} lane
   * @param {import('./picture.js').Picture} picture the time that all lanes show
   * @param {{isOn: boolean, interval: () => number, held: () => number}} bench
   */
  constructor(element, lane, picture, bench) {
    const { element: parts, fields } = copy('lane-template');
    this.#lane = lane;
    this.#picture = picture;
    this.#element = element;
    this.#fields = fields;
    this.bench = bench;
    this.#values = this.#makeFigures(fields.figures);
    element.replaceChildren(...parts.children);
    this.#scope = new Scope(fields.canvas);
    this.#listen();
    this.#texts();
    languages.addEventListener('change', () => this.#texts());
  }

  #makeFigures(list) {
    return FIGURES.map((key) => {
      const { element, fields } = copy('figure-template');
      element.dataset.figure = key;
      list.append(element);
      return { key, fields };
    });
  }

  #listen() {
    const { cut, stall, hop, vanish, scope } = this.#fields;
    cut.addEventListener('click', () => (this.#lane.isCut ? this.#lane.start() : this.#lane.cut()));
    stall.addEventListener('click', () => this.#lane.stall());
    hop.addEventListener('click', () => this.#lane.hop());
    vanish.addEventListener('click', () => this.#lane.dispatchEvent(new Event('vanish')));
    scope.addEventListener('pointermove', (event) => this.#point(event));
    scope.addEventListener('pointerleave', () => this.#letGo());
    scope.addEventListener('keydown', (event) => this.#step(event));
    scope.addEventListener('blur', () => this.#letGo());
  }

  #point({ clientX }) {
    const left = this.#fields.canvas.getBoundingClientRect().left;
    const nearest = this.#scope.nearest(clientX - left);
    this.#picture.hold(this);
    this.#choose(nearest);
  }

  #step(event) {
    if (event.key === 'Escape') {
      this.#letGo();
      return;
    }
    const { drawn } = this.#scope;
    const at = drawn.findIndex((one) => one.event === this.#chosen?.event);
    const wanted = event.key === 'Home' ? 0
      : event.key === 'End' ? drawn.length - 1
      : event.key in KEYS ? (at < 0 ? drawn.length - 1 : at + KEYS[event.key])
      : undefined;
    if (wanted === undefined) {
      return;
    }
    event.preventDefault();
    this.#picture.hold(this);
    if (drawn.length === 0) {
      write(this.#fields.spoken, t('wire.none'));
      return;
    }
    this.#choose(drawn[Math.max(0, Math.min(drawn.length - 1, wanted))], true);
  }

  #letGo() {
    this.#picture.release(this);
    this.#choose(null);
  }

  #choose(one, isSpoken = false) {
    if (one?.event === this.#chosen?.event) {
      return;
    }
    this.#chosen = one;
    const { detail, spoken } = this.#fields;
    detail.hidden = one === null;
    if (one === null) {
      write(spoken, '');
      return;
    }
    const says = this.#describe(one.event);
    if (isSpoken) {
      write(spoken, says);
    }
    this.#place(one.x);
  }

  #place(x) {
    const { detail, scope, canvas } = this.#fields;
    // Below, unless it would not be seen there.
    const below = scope.getBoundingClientRect().bottom + detail.offsetHeight;
    detail.dataset.side = below > innerHeight && scope.getBoundingClientRect().top > detail.offsetHeight
      ? 'above' : 'below';
    const room = scope.clientWidth - detail.offsetWidth;
    detail.style.left = `${Math.max(0, Math.min(room, canvas.offsetLeft + x - detail.offsetWidth / 2))}px`;
  }

  /** Fills the panel; returns it as one sentence. */
  #describe(event) {
    const { line, what, facts, more, moreTitle, text } = this.#fields;
    const way = t(event.direction === 'out' ? 'wire.up' : 'wire.down');
    const kind = t(`wire.${event.kind}`);
    write(line, event.line || kind);
    const parts = [event.isStandIn ? t('wire.standIn') : null, way, kind,
      event.via === 'append' ? t('wire.append') : null, event.told ? t('wire.told') : null];
    write(what, parts.filter(Boolean).join(' · '));
    const rows = this.#facts(event);
    facts.replaceChildren(...rows.map(([name, value]) => {
      const { element, fields } = copy('figure-template');
      write(fields.name, name);
      write(fields.value, value);
      return element;
    }));
    write(moreTitle, t('wire.headers'));
    const headers = Object.entries(event.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    const all = [...headers, ...(event.text === undefined ? [] : ['', event.text])];
    more.hidden = all.length === 0;
    more.open = all.length > 0;
    write(text, all.join('\n').trim());
    return `${what.textContent}. ${line.textContent}. ${rows.map((row) => row.join(' ')).join(', ')}`;
  }

  #facts(event) {
    const rows = [[t('wire.time'), clockTime(event.at, true)]];
    const asked = this.#lane.events.find(({ id, direction }) =>
      id !== 0 && id === event.id && direction === 'out');
    if (asked && asked !== event) {
      rows.push([t('wire.took'), millis(event.at - asked.at)]);
    }
    if (event.messages) {
      rows.push([t('wire.messages'), whole(event.messages)]);
    }
    if (event.bytes) {
      const key = event.measured ? 'wire.measured' : 'wire.computed';
      rows.push([t('wire.bytes'), t(key, { bytes: bytes(event.bytes) })]);
      rows.push([t('wire.body'), bytes(event.bodyBytes)]);
    }
    if (event.why) {
      rows.push([t('wire.why'), event.why]);
    }
    return rows;
  }

  /** Draws what went over the wire in the time that is shown. */
  draw(time, births) {
    const { events, arrivals } = this.#lane;
    this.#scope.draw(time, { events, arrivals, births }, this.#chosen?.event ?? null);
  }

  #texts() {
    const { name, says, cut, stall, hop, vanish, client, server, scope } = this.#fields;
    const { transport } = this.#lane.state;
    const lane = t(`lane.${transport}`);
    this.#element.dataset.transport = transport;
    write(name, lane);
    write(says, t(`says.${transport}`, { interval: figure(this.bench.interval()) }));
    write(client, t('lane.client'));
    write(server, t('lane.server'));
    scope.setAttribute('aria-label', t('lane.scope', { lane }));
    for (const [button, key] of [[cut, this.#lane.isCut ? 'reconnect' : 'cut'], [stall, 'stall'], [hop, 'hop'], [vanish, 'vanish']]) {
      write(button, t(`lane.${key}`));
      button.title = t(`lane.${key}.long`, { lane });
      // With the words that are seen, so that a voice can press it.
      button.setAttribute('aria-label', `${t(`lane.${key}`)}: ${button.title}`);
    }
    this.show();
  }

  /** What the store says of the lane. */
  update() {
    this.#scope.recolour();
    this.#texts();
  }

  show() {
    const { state, cut, stall, hop, vanish } = this.#fields;
    const { state: now, note } = this.#lane.state;
    state.dataset.state = now;
    write(state, t(`state.${now}`));
    cut.dataset.verb = this.#lane.isCut ? 'reconnect' : 'cut';
    const isIdle = this.#lane.isCut || now === 'stalled' || now === 'closed';
    stall.disabled = isIdle || !this.bench.isOn;
    hop.disabled = this.#lane.isCut || now === 'stalled';
    vanish.disabled = !this.bench.isOn;
    write(this.#fields.note, this.#noteText(note));
    this.#element.dataset.note = note?.key?.startsWith('note.gap') ? 'gap' : '';
  }

  #noteText(note) {
    if (!note) {
      return '';
    }
    if (note.key === 'note.vanish') {
      return `${t(note.key)} ${this.#lane.trail.map(trailText).join(' → ')}${note.isSlow ? `. ${t('note.vanish.slow')}` : ''}`;
    }
    const values = { ...note.values };
    if (note.problem) {
      values.problem = say(note.problem);
    }
    if (note.transport) {
      values.transport = t(`lane.${note.transport}`);
    }
    return t(note.key, values);
  }

  /** How many connections the server holds open for it. */
  get held() {
    return this.bench.held(this.#lane);
  }

  /** Once a second. */
  count() {
    const { figures } = this.#lane;
    const { p50, p99 } = figures.quantiles;
    const { down, up } = figures.each;
    const each = (value) => (Number.isFinite(value) ? bytes(value) : '–');
    const about = figures.isComputed ? '≈ ' : '';
    const shown = {
      p50: millis(p50),
      p99: millis(p99),
      messages: whole(figures.messages),
      requests: whole(figures.requests),
      useless: whole(figures.useless),
      down: about + each(down),
      up: about + each(up),
      held: whole(this.held),
      away: millis(figures.away),
      wrong: `${whole(figures.lost)} / ${whole(figures.repeated)}`,
    };
    for (const { key, fields } of this.#values) {
      write(fields.name, t(`figure.${key}`));
      write(fields.value, shown[key]);
    }
    const { dataset } = this.#element;
    dataset.wrong = figures.lost || figures.repeated ? 'yes' : '';
  }
}

function trailText({ saw, seconds, time, why }) {
  // A long poll ends with its response; it was not disconnected.
  const key = saw === 'ended' && why === 'answered' ? 'answered' : saw;
  return t(`note.vanish.${key}`, { seconds: figure(seconds), time: clockTime(time), why });
}
