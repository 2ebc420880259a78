import { Problem } from '../js/problem.js';
import { create } from '../js/switchboard.js';
import { authorization } from '../js/token.js';
import { channelName, json, notLonger } from './checks.js';
import { complain, fieldsOf, write } from './dom.js';
import { languages, t } from './i18n.js';
import { explain } from './problems.js';

/** The form that publishes any JSON value to any channel. */
export class Publish {
  #form;
  #receipt;
  #maxBytes;
  #who;
  #words = () => {};

  /**
   * @param {HTMLElement} element
   * @param {number} maxBytes that the server takes
   * @param {string} channel that is there
   * @param {{token?: string}} who publishes
   */
  constructor(element, maxBytes, channel, who) {
    this.#who = who;
    this.#form = element.querySelector('form');
    this.#receipt = fieldsOf(element).receipt;
    this.#maxBytes = maxBytes;
    this.#form.elements.channel.value = channel;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    languages.addEventListener('change', () => this.#words());
  }

  /** Says something now, and again in another language. */
  #say(channel, text, receipt) {
    const { elements } = this.#form;
    this.#words = () => {
      complain(elements.channel, channel());
      complain(elements.json, text());
      write(this.#receipt, receipt());
    };
    this.#words();
  }

  #check(check) {
    try {
      check();
      return null;
    } catch {
      return () => {
        try {
          check();
          return '';
        } catch (error) {
          return error.message;
        }
      };
    }
  }

  async #send() {
    const nothing = () => '';
    const { channel, json: body, create: isCreating } = this.#form.elements;
    const name = channel.value.trim();
    const text = body.value;
    const badName = this.#check(() => channelName(name));
    const badText = this.#check(() => {
      json(text);
      notLonger(text, this.#maxBytes);
    });
    if (badName || badText) {
      this.#say(badName ?? nothing, badText ?? nothing, nothing);
      (badName ? channel : body).focus();
      return;
    }
    try {
      const url = new URL(`channels/${name}`, document.baseURI).href;
      if (isCreating.checked) {
        await create(url, this.#who);
      }
      const next = await post(url, text, this.#who);
      this.#say(nothing, nothing, () => t('publish.taken', { next }));
    } catch (problem) {
      this.#refused(problem, nothing);
    }
  }

  #refused(problem, nothing) {
    const words = () => explain(problem);
    const isOfChannel = /unknown-channel|bad-name|channel-|content-type/.test(problem.document?.type ?? '');
    this.#say(isOfChannel ? words : nothing, isOfChannel ? nothing : words, nothing);
  }
}

// As it was written: what the server says of it must be about this text.
async function post(url, body, { token }) {
  const headers = { 'Content-Type': 'application/json', ...authorization(token) };
  const response = await fetch(url, { method: 'POST', headers, body });
  if (!response.ok) {
    throw await Problem.of(response);
  }
  return response.headers.get('Stream-Next-Offset');
}
