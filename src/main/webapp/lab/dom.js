/** The few things that views do with the document: text and data attributes only. */

/** A copy of a template's element, and its parts by their `data-field`. */
export function copy(template) {
  const element = document.getElementById(template).content.firstElementChild.cloneNode(true);
  return { element, fields: fieldsOf(element) };
}

/** @returns {Record<string, any>} parts by their `data-field` */
export function fieldsOf(root) {
  const fields = {};
  for (const field of [root, ...root.querySelectorAll('[data-field]')]) {
    if (field.dataset?.field) {
      fields[field.dataset.field] = field;
    }
  }
  return fields;
}

// Only if it differs: a screen reader may say a status again that is written again.
export function write(field, text) {
  if (field.textContent !== String(text)) {
    field.textContent = text;
  }
}

export function byId(id) {
  return document.getElementById(id);
}

/**
 * Says what is wrong with a field, beside it; nothing where it is right.
 *
 * @param {HTMLInputElement|HTMLTextAreaElement} input described by its error's element
 * @param {string} text
 */
export function complain(input, text) {
  const [error] = input.getAttribute('aria-describedby').split(' ');
  write(byId(error), text);
  if (text) {
    input.setAttribute('aria-invalid', 'true');
  } else {
    input.removeAttribute('aria-invalid');
  }
}
