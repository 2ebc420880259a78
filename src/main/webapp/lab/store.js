/**
 * What the page knows: one frozen object per key, replaced when it changes. Fires `change` with
 * `{key, value}` as its detail.
 */
export class Store extends EventTarget {
  #values = new Map();

  /** @param {string} key */
  get(key) {
    return this.#values.get(key);
  }

  /**
   * @param {string} key
   * @param {object} changes the properties that change
   */
  update(key, changes) {
    const value = Object.freeze({ ...this.#values.get(key), ...changes });
    this.#values.set(key, value);
    this.dispatchEvent(new CustomEvent('change', { detail: { key, value } }));
  }

  /**
   * Shows a key now and whenever it changes.
   *
   * @param {string} key
   * @param {(value: any) => void} show
   */
  show(key, show) {
    this.addEventListener('change', ({ detail }) => detail.key === key && show(detail.value));
    if (this.#values.has(key)) {
      show(this.get(key));
    }
  }
}
