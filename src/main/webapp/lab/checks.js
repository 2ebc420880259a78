import { figure, whole } from './format.js';
import { t } from './i18n.js';

/**
 * Reads a number out of a field; throws an explanation, in the page's language, where it is none.
 *
 * @param {string} written
 * @param {{min: number, max: number, isWhole?: boolean}} bounds
 * @throws {RangeError}
 */
export function numberIn(written, { min, max, isWhole = false }) {
  const text = written.trim();
  const bounds = { value: text, min: figure(min), max: whole(max) };
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) {
    throw new RangeError(t('error.number', bounds));
  }
  if (value < 0) {
    throw new RangeError(t('error.negative', bounds));
  }
  if (value < min || value > max) {
    throw new RangeError(t('error.range', bounds));
  }
  if (isWhole && !Number.isInteger(value)) {
    throw new RangeError(t('error.whole', bounds));
  }
  return value;
}

/**
 * @param {string} text
 * @param {number} max bytes
 * @throws {RangeError}
 */
export function notLonger(text, max) {
  const size = new TextEncoder().encode(text).length;
  if (size > max) {
    throw new RangeError(t('error.long', { bytes: whole(size), max: whole(max) }));
  }
}

/** @throws {RangeError} */
export function channelName(name) {
  if (!/^[A-Za-z0-9._~-]{1,128}$/.test(name) || name === '.' || name === '..') {
    throw new RangeError(t('error.name', { value: name }));
  }
  return name;
}

// Engines explain in English only; where it is they say in figures, each in its own way.
function notJson(text, { message }) {
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  const [, position] = /position (\d+)/.exec(message) ?? [];
  if (line) {
    return t('error.jsonAt', { line, column });
  }
  if (position) {
    const before = text.slice(0, Number(position)).split('\n');
    return t('error.jsonAt', { line: before.length, column: before.at(-1).length + 1 });
  }
  return t('error.json');
}

/** @throws {RangeError} */
export function json(text) {
  if (text.trim() === '') {
    throw new RangeError(t('error.jsonEmpty'));
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RangeError(notJson(text, error), { cause: error });
  }
}
