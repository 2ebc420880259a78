/**
 * The store in a directory of this machine. What was answered survives a restart, {@code kill -9}
 * and a loss of power; so no reader sees a reset.
 *
 * <pre>
 *   append ─▶ ring (unseen) ─▶ group buffer
 *                                   │ journal thread: write, force
 *                                   ▼
 *             ring (shown) ◀── segment 7 ──▶ acknowledged
 * </pre>
 *
 * <p>The one rule: nothing is shown or answered before it is on the disk. All access to files goes
 * through {@link switchboard.file.Disk}.
 */
package switchboard.file;
