/**
 * The functions of the page other than reading and writing channels: the rate of the lanes'
 * messages, a flood, a client that disappears, a crowd of readers, and events of the page's own
 * connections. The rule: nothing here runs unless {@code switchboard.lab.enabled} is set, and
 * everything is limited in number and time.
 *
 * <pre>
 *   LabResource ─▶ MessageSource ──────────▶ channel "lab"    messages at a rate
 *        │                                      ▲
 *        ├──────▶ Crowd ── readers on loopback ─╯
 *        ╰──────▶ SilentPeers ── clients that stop responding
 *   observed connections, the state of the crowd ─▶ LabEvents ─▶ channel "lab-told"
 * </pre>
 */
@NullMarked
package switchboard.lab;

import org.jspecify.annotations.NullMarked;
