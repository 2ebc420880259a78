import { isBroken, isUseless, short, spans } from './exchanges.js';

/**
 * Draws a lane's wire as a sequence diagram that lies on its side: time runs to the right, above is
 * the client's lifeline, below the server's.
 */

const TOP = 20;
const BOTTOM = 34;
const BIRTH = 14;
const HEAD = 4.5;
const APART = 4;
const LABEL_GAP = 8;
const FONT = '11px ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace';

/** Colours come from the style sheet, so that light and dark need no second thought. */
function palette(element) {
  const style = getComputedStyle(element);
  const colour = (name) => style.getPropertyValue(name).trim();
  return {
    cable: colour('--cable'), ink: colour('--ink'), soft: colour('--soft'), line: colour('--line'),
    broken: colour('--gap'), born: colour('--born'), told: colour('--told'), card: colour('--card'),
  };
}

export class Scope {
  #canvas;
  #context;
  #colours;
  #width = 0;
  #height = 0;
  /** @type {{x: number, event: object}[]} what is drawn, for pointing at */
  drawn = [];

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    new ResizeObserver(() => this.#fit()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.recolour());
    this.#fit();
  }

  /** The colours may have changed. */
  recolour() {
    this.#colours = undefined;
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = devicePixelRatio;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
  }

  /**
   * @param {{from: number, to: number}} time shown, in milliseconds since 1970
   * @param {{events: any[], arrivals: {born: number, at: number}[], births: number[]}} lane what went
   *     over its wire; when each message came to be and came here; when any came to be
   * @param {object|null} chosen the event that is pointed at
   */
  draw(time, { events, arrivals, births }, chosen) {
    this.#colours ??= palette(this.#canvas);
    const pen = this.#context;
    const x = (at) => ((at - time.from) / (time.to - time.from)) * this.#width;
    pen.clearRect(0, 0, this.#width, this.#height);
    pen.font = FONT;
    this.#grid(x, time);
    this.#births(births, x);
    this.#waits(arrivals.filter(({ at }) => at >= time.from), x);
    this.#spans(spans(events), x, time);
    this.#lifelines();
    this.#arrows(events.filter(({ at }) => at >= time.from && at <= time.to), x, chosen);
  }

  get #server() {
    return this.#height - BOTTOM;
  }

  #grid(x, { from, to }) {
    const pen = this.#context;
    pen.strokeStyle = this.#colours.line;
    pen.lineWidth = 1;
    pen.globalAlpha = 0.6;
    const step = to - from > 12_000 ? 5_000 : 1_000;
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      this.#stroke(x(at), TOP - 12, x(at), this.#server + BIRTH);
    }
    pen.globalAlpha = 1;
  }

  #births(births, x) {
    const pen = this.#context;
    pen.fillStyle = this.#colours.born;
    for (const at of births) {
      const left = x(at);
      if (left >= 0 && left <= this.#width) {
        pen.beginPath();
        pen.arc(left, this.#server + BIRTH + 2, 2.5, 0, 2 * Math.PI);
        pen.fill();
      }
    }
  }

  /** How long each message waited at the server: from its birth to the arrow that took it along. */
  #waits(arrivals, x) {
    const pen = this.#context;
    pen.strokeStyle = this.#colours.cable;
    pen.lineWidth = 1.25;
    pen.globalAlpha = 0.75;
    for (const { born, at } of arrivals) {
      this.#stroke(x(born), this.#server + BIRTH, x(at), this.#server);
    }
    pen.globalAlpha = 1;
  }

  #spans(found, x, time) {
    const pen = this.#context;
    for (const { from, to, kind } of found) {
      const left = Math.max(-2, x(from));
      const right = Math.min(this.#width + 2, x(Math.min(to, time.to)));
      if (right < 0 || left > this.#width) {
        continue;
      }
      const width = Math.max(1, right - left);
      pen.fillStyle = kind === 'standIn' ? this.#colours.told : this.#colours.cable;
      if (kind === 'standIn') {
        pen.globalAlpha = 0.5;
        pen.fillRect(left, this.#height - 6, width, 4);
      } else {
        pen.globalAlpha = 0.13;
        pen.fillRect(left, TOP, width, this.#server - TOP);
        pen.globalAlpha = 0.85;
        pen.fillRect(left, this.#server - 3, width, 6);
        if (kind === 'stream') {
          pen.fillRect(left, TOP - 3, width, 6);
        }
      }
      pen.globalAlpha = 1;
    }
  }

  #lifelines() {
    this.#context.strokeStyle = this.#colours.soft;
    this.#context.lineWidth = 1.5;
    this.#stroke(0, TOP, this.#width, TOP);
    this.#stroke(0, this.#server, this.#width, this.#server);
  }

  #arrows(events, x, chosen) {
    this.drawn = [];
    let last = -Infinity;
    let labelled = { out: -Infinity, in: -Infinity };
    for (const event of events) {
      // Closer than a few pixels they would hide each other.
      const at = x(event.at);
      const left = at - last < APART && event.direction !== this.drawn.at(-1)?.event.direction
        ? last + APART : at;
      last = left;
      this.drawn.push({ x: left, event });
      this.#arrow(event, left, event === chosen);
      labelled = this.#label(event, left, labelled);
    }
  }

  #colourOf(event) {
    const { cable, soft, broken, told } = this.#colours;
    if (isBroken(event)) {
      return broken;
    }
    if (event.told) {
      return told;
    }
    return isUseless(event) || event.direction === 'out' ? soft : cable;
  }

  #arrow(event, x, isChosen) {
    const pen = this.#context;
    const colour = this.#colourOf(event);
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = isChosen ? 4 : event.messages ? 2 : 1.25;
    pen.globalAlpha = isUseless(event) && !isChosen ? 0.75 : 1;
    pen.setLineDash(event.told ? [3, 3] : []);
    if (['cut', 'error', 'abort'].includes(event.kind) || event.kind === 'opened' || event.kind === 'ended') {
      this.#mark(event, x);
    } else {
      const [start, end] = event.direction === 'out' ? [TOP, this.#server] : [this.#server, TOP];
      this.#stroke(x, start, x, end);
      pen.setLineDash([]);
      this.#head(x, end, Math.sign(end - start), isUseless(event));
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  #head(x, y, way, isHollow) {
    const pen = this.#context;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x - HEAD, y - way * HEAD * 1.8);
    pen.lineTo(x + HEAD, y - way * HEAD * 1.8);
    pen.closePath();
    if (isHollow) {
      pen.fillStyle = this.#colours.card;
      pen.lineWidth = 1.25;
      pen.fill();
      pen.stroke();
    } else {
      pen.fill();
    }
  }

  /** A cross where something broke; a ring where the server began or ended. */
  #mark(event, x) {
    const pen = this.#context;
    const y = event.told ? this.#height - 5 : TOP;
    pen.setLineDash([]);
    pen.lineWidth = 2.5;
    if (event.told) {
      pen.beginPath();
      pen.arc(x, y - 1, 4, 0, 2 * Math.PI);
      pen.fill();
      return;
    }
    this.#stroke(x - 5, y - 5, x + 5, y + 5);
    this.#stroke(x - 5, y + 5, x + 5, y - 5);
  }

  #label(event, x, labelled) {
    const text = short(event);
    const pen = this.#context;
    const width = pen.measureText(text).width;
    if (text === '' || x < labelled[event.direction] || x + width + LABEL_GAP > this.#width) {
      return labelled;
    }
    const y = event.direction === 'out' ? this.#server - 10 : TOP + 18;
    pen.fillStyle = this.#colours.card;
    pen.globalAlpha = 0.8;
    pen.fillRect(x + 5, y - 10, width + 4, 13);
    pen.globalAlpha = 1;
    pen.fillStyle = event.messages ? this.#colours.ink : this.#colourOf(event);
    pen.fillText(text, x + 7, y);
    return { ...labelled, [event.direction]: x + width + LABEL_GAP };
  }

  #stroke(x1, y1, x2, y2) {
    const pen = this.#context;
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
  }

  /** The event nearest to a place, if there is one. */
  nearest(x) {
    let best = null;
    for (const one of this.drawn) {
      if (best === null || Math.abs(one.x - x) < Math.abs(best.x - x)) {
        best = one;
      }
    }
    return best && Math.abs(best.x - x) < 24 ? best : null;
  }
}
