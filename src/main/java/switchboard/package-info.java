/**
 * Server push for Jakarta EE: one channel, one URL, four transports, one offset.
 *
 * <p>Something is <em>published</em> to a channel, kept in a log, and a transport carries it out:
 *
 * <pre>
 *   publisher ─▶ publish ─append─▶ LOG ◀─read after offset─ subscription ◀─ poll · long poll
 *                                   │ wake                       │            event stream
 *                                   ╰──▶ dispatch ── walk ──────▶ sink ─▶     WebSocket
 * </pre>
 *
 * <p>Ten words, used everywhere with these meanings:
 *
 * <dl>
 *   <dt>channel
 *   <dd>a log at a URL, {@code /channels/{name}} (the Durable Streams protocol's "stream")
 *   <dt>message
 *   <dd>what was appended in one piece: a JSON value, or bytes; it never changes
 *   <dt>log
 *   <dd>the channel's messages in order; it forgets the oldest
 *   <dt>offset
 *   <dd>a place in a log; all that a client has to remember
 *   <dt>epoch
 *   <dd>one life of a log; offsets of another life are not understood, and that is told
 *   <dt>subscription
 *   <dd>an offset that waits and moves
 *   <dt>sink
 *   <dd>writes to one client
 *   <dt>batch
 *   <dd>the messages after an offset, encoded once for everybody
 *   <dt>gap
 *   <dd>the next message is gone; whoever reads is told
 *   <dt>transport
 *   <dd>poll, long poll, event stream or WebSocket
 * </dl>
 *
 * <p>Arrows point inward: {@code transport}, {@code publish} and {@code timer} know {@code
 * channel}, which knows {@code log}; {@code transport} and {@code timer} also know {@code publish},
 * and {@code access}, which says who may do what and knows nothing of how it is asked; {@code
 * redis} is a store for several servers, which only {@link switchboard.Engine} finds; {@code
 * metrics} reads what {@code channel} counts; {@code lab}, what the page needs beyond them, knows
 * all of these and is known by none; {@code config} and {@code time} are known by anyone and know
 * nobody. The only call outward goes through the sink, which {@code channel} owns.
 */
package switchboard;
