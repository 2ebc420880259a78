import { copy, fieldsOf, complain, write } from './dom.js';
import { millis, whole } from './format.js';
import { languages, t } from './i18n.js';
import { say } from './problems.js';
import { TRANSPORTS } from './transports.js';

const MAX_SAID = 40;

/** Goes up over one lane, and comes down all of them. */
export class Chat {
  #fields;
  #form;
  #lanes;
  #maxBytes;
  #said = new Map();
  #last;

  /**
   * @param {HTMLElement} element
   * @param {Record<string, import('./lane.js').Lane>} lanes
   * @param {number} maxBytes of a message
   */
  constructor(element, lanes, maxBytes) {
    this.#fields = fieldsOf(element);
    this.#form = element.querySelector('form');
    this.#lanes = lanes;
    this.#maxBytes = maxBytes;
    this.#form.elements.lane.append(...TRANSPORTS.map((key) => new Option('', key)));
    this.#form.elements.lane.value = 'webSocket';
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    languages.addEventListener('change', () => this.texts());
    this.texts();
  }

  /** Names, which change with the language and when a lane hops. */
  texts() {
    for (const option of this.#form.elements.lane.options) {
      write(option, t(`lane.${this.#lanes[option.value].state.transport}`));
    }
    this.#fields.said.dataset.nothing = t('chat.nothing');
    this.#last?.();
  }

  #fail(words) {
    this.#last = () => {
      complain(this.#form.elements.text, words());
      write(this.#fields.receipt, '');
    };
    this.#last();
  }

  async #send() {
    const { lane, name, text } = this.#form.elements;
    const written = text.value.trim();
    const message = { text: written, by: lane.value, key: crypto.randomUUID?.() ?? `${Math.random()}` };
    if (name.value.trim()) {
      message.name = name.value.trim();
    }
    const size = new TextEncoder().encode(JSON.stringify(message)).length;
    if (written === '' || size > this.#maxBytes) {
      this.#fail(() => (written === '' ? t('chat.empty')
        : t('chat.long', { max: whole(this.#maxBytes), bytes: whole(size) })));
      text.focus();
      return;
    }
    const asked = performance.now();
    this.#said.set(message.key, { asked });
    try {
      await this.#lanes[lane.value].append(message);
      const took = performance.now() - asked;
      this.#fail(() => '');
      this.#last = () => write(this.#fields.receipt, t('chat.taken', { ms: millis(took) }));
      this.#last();
      text.value = '';
    } catch (failure) {
      this.#fail(() => (failure.isCut ? t('chat.cut') : say(failure.problem)));
    }
  }

  /** A message came by a lane: shown once, with how long each lane took. */
  heard(lane, message) {
    if (message === null || typeof message !== 'object' || typeof message.text !== 'string') {
      return;
    }
    const key = typeof message.key === 'string' ? message.key : JSON.stringify(message);
    const known = this.#said.get(key) ?? {};
    this.#said.set(key, known);
    if (!known.fields) {
      Object.assign(known, this.#add(message));
    }
    if (known.asked !== undefined) {
      const way = document.createElement('small');
      way.dataset.transport = lane.state.transport;
      way.textContent = millis(performance.now() - known.asked);
      way.title = t(`lane.${lane.state.transport}`);
      known.fields.ways.append(way, ' ');
    }
  }

  #add(message) {
    const { element, fields } = copy('said-template');
    write(fields.name, typeof message.name === 'string' ? message.name : '');
    write(fields.text, message.text);
    const { said } = this.#fields;
    // A reader who scrolled up stays there.
    const isAtEnd = said.scrollHeight - said.scrollTop - said.clientHeight < 40;
    said.append(element);
    if (said.childElementCount > MAX_SAID) {
      said.firstElementChild.remove();
    }
    if (isAtEnd) {
      said.scrollTop = said.scrollHeight;
    }
    return { fields };
  }
}
