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
 * <p>Where code belongs. A package uses only packages above it in this table; {@code PackagesTest}
 * has the exact list.
 *
 * <pre>
 *   config      settings, each defined once            a setting: Settings
 *   time        clocks
 *   container   what a server can do beyond the        a server's internals: a class here
 *               standard; only here are its class names
 *   log         messages in order, offsets, epochs
 *   access      what a client may do; knows no HTTP    a kind of token or role
 *   channel     channels and their subscriptions       a reason to refuse: Ending
 *   connection  connected clients, limits, the drain   a limit for clients
 *   http        a request before it is anything else   a check of a header: RequestGate;
 *               and its answer                         a header of the protocol: Headers
 *   publish     appends and creations, Publisher       a way to publish
 *   transport   reads, and the verbs of a channel      a transport: a Sink; an adapter: an
 *                                                      http.Exchange
 *   file        the store in a directory, found by {@link switchboard.StoreProvider}
 *   redis       the store for several servers, found like that
 *   timer       what runs once a second
 *   metrics     metrics and health                     a metric: Meters
 *   lab         what only the page needs; used by nothing
 * </pre>
 *
 * <p>The only call outward goes through the sink, which {@code channel} owns.
 *
 * <p>Some additions need a second place. A reason to refuse is thrown as an {@code http.Problem}
 * (by {@code access} as a {@code Refusal}); what is counted for a metric is in {@code
 * channel.Counters}; a transport has a constant in {@code channel.Transport}, an adapter one in
 * {@code config.HttpAdapter}. Endings, settings and metrics have a row in {@code docs}, which tests
 * compare.
 */
@NullMarked
package switchboard;

import org.jspecify.annotations.NullMarked;
