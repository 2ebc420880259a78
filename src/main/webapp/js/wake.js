/**
 * Calls whenever the platform reports that the network or the page is active again: connections may be
 * dead then, without notice. Does nothing without a page, as in Node.
 *
 * @param {AbortSignal} signal aborting it removes all listeners
 * @param {() => void} back
 */
export function whenBack(signal, back) {
  const { document, navigator } = globalThis;
  /**
   * @param {EventTarget|undefined} target
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  const on = (target, type, listener) => target?.addEventListener?.(type, listener, { signal });
  // A worker has this one only.
  on(globalThis, 'online', back);
  on(globalThis, 'pageshow', ({ persisted }) => persisted && back());
  on(document, 'visibilitychange', () => document.visibilityState === 'visible' && back());
  on(document, 'resume', back);
  /** @type {any} */
  const network = /** @type {any} */ (navigator)?.connection;
  let type = network?.type;
  // It also says "change" for each new estimate of the speed.
  on(network, 'change', () => {
    if (network.type !== type) {
      type = network.type;
      back();
    }
  });
}
