/**
 * What the page can set and ask beyond reading and writing channels: the rate of the messages that
 * its lanes read, a flood, a peer that vanishes, a crowd of readers, and what the server does to
 * the page's own connections. The one rule: nothing here runs unless {@code
 * switchboard.lab.enabled} says so, and everything is bounded in number and time.
 *
 * <pre>
 *   LabResource ─▶ Source ──▶ channel "lab"        messages at a rate
 *        │                                          ▲
 *        ├──────▶ Crowd ── readers on loopback ─────╯
 *        ╰──────▶ Vanisher ── a peer that falls silent
 *   Told ◀── what happens to watched connections, and how the crowd fares ──▶ channel "lab-told"
 * </pre>
 */
package switchboard.lab;
