/**
 * Server push for Jakarta EE: one channel, one URL, four transports, one offset.
 *
 * <p>A message is <em>published</em> to a channel, kept in its log, and delivered by a transport:
 *
 * <pre>
 *   publisher ─▶ publish ─append─▶ LOG ◀─read after offset─ subscription ◀─ poll · long poll
 *                                   │ wake                       │            event stream
 *                                   ╰──▶ dispatch ── walk ──────▶ sink ─▶     WebSocket
 * </pre>
 *
 * <p>Ten terms, used everywhere with these meanings:
 *
 * <dl>
 *   <dt>channel
 *   <dd>a log at a URL, {@code /channels/{name}} (the Durable Streams protocol's "stream")
 *   <dt>message
 *   <dd>a JSON value or bytes, appended as one unit; it never changes
 *   <dt>log
 *   <dd>the channel's messages in order; the oldest are removed
 *   <dt>offset
 *   <dd>a position in a log; all that a client has to remember
 *   <dt>epoch
 *   <dd>an incarnation of a log; an offset of another epoch is a gap
 *   <dt>subscription
 *   <dd>a reader that waits for messages after its offset
 *   <dt>sink
 *   <dd>writes to one client
 *   <dt>batch
 *   <dd>the messages after an offset, encoded once for all readers
 *   <dt>gap
 *   <dd>messages after an offset are no longer available; the reader is told
 *   <dt>transport
 *   <dd>poll, long poll, event stream or WebSocket
 * </dl>
 *
 * <p>Arrows point inward: {@code transport}, {@code publish} and {@code timer} know {@code
 * channel}, which knows {@code log}; {@code transport} and {@code timer} also know {@code publish},
 * and {@code access}, which decides what a client may do and knows nothing about HTTP; {@code
 * redis} is a store for several servers, which only {@link switchboard.StoreProvider} finds; {@code
 * metrics} reads what {@code channel} counts; {@code lab}, what the page needs beyond them, knows
 * all of these and is known by none; {@code config} and {@code time} may be used by all packages
 * and use none. The only call outward goes through the sink, which {@code channel} owns.
 */
package switchboard;
