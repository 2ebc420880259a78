import { language, t } from './i18n.js';

/** Numbers, bytes and times in the page's language. */

const cache = new Map();

function number(value, digits) {
  const key = `${language()} ${digits}`;
  if (!cache.has(key)) {
    cache.set(key, new Intl.NumberFormat(language(), { maximumFractionDigits: digits }));
  }
  return cache.get(key).format(value);
}

/** Three figures are enough: 0.83, 12.4, 1,204. */
export function figure(value) {
  const size = Math.abs(value);
  return number(value, size < 1 ? 2 : size < 100 ? 1 : 0);
}

export function whole(value) {
  return number(Math.round(value), 0);
}

/** @param {number} ms */
export function millis(ms) {
  if (!Number.isFinite(ms)) {
    return '–';
  }
  return Math.abs(ms) < 1000
    ? t('unit.ms', { n: figure(ms) })
    : t('unit.s', { n: figure(ms / 1000) });
}

/** @param {number} ms of processor time */
export function micros(ms) {
  return ms < 1 ? t('unit.us', { n: figure(ms * 1000) }) : millis(ms);
}

export function bytes(value) {
  if (value < 10_000) {
    return `${whole(value)} B`;
  }
  return value < 1 << 20 ? `${figure(value / 1024)} KiB` : `${figure(value / (1 << 20))} MiB`;
}

export function percent(share) {
  return `${figure(share * 100)} %`;
}

/** @param {number} at milliseconds since 1970 */
export function clockTime(at, withMillis = false) {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
  return new Date(at).toLocaleTimeString(language(),
    withMillis ? { ...options, fractionalSecondDigits: 3 } : options);
}
