import en from './en.js';
import ko from './ko.js';

/** Which language the page speaks. Fires `change` on {@link languages}. */
const CATALOGUES = { en, ko };
const KEPT = 'switchboard.language';

export const languages = new EventTarget();

let current = chosen();

function chosen() {
  const wanted = [kept(), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((language) => language in CATALOGUES) ?? 'en';
}

// A browser may keep nothing for a page; then it asks each time.
function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export function language() {
  return current;
}

/** @param {'en'|'ko'} wanted */
export function speak(wanted) {
  current = wanted;
  try {
    localStorage.setItem(KEPT, wanted);
  } catch {
    // not kept
  }
  translate(document);
  languages.dispatchEvent(new Event('change'));
}

/**
 * A text in the page's language. The texts are written so that none needs a plural form, for which
 * browsers have no message format.
 *
 * @param {string} key of the catalogue
 * @param {Record<string, string|number>} [values] filled in for `{name}`
 */
export function t(key, values = {}) {
  const text = CATALOGUES[current][key];
  if (text === undefined) {
    throw new Error(`no text "${key}" in ${current}`);
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether the catalogue has the key. */
export function has(key) {
  return key in CATALOGUES[current];
}

/** Writes all texts that are marked with `data-t` and `data-t-label`. */
export function translate(root) {
  document.documentElement.lang = current;
  for (const element of root.querySelectorAll('[data-t]')) {
    element.textContent = t(element.dataset.t);
  }
  for (const element of root.querySelectorAll('[data-t-label]')) {
    element.setAttribute('aria-label', t(element.dataset.tLabel));
  }
}
