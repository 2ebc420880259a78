/**
 * Channels that live in Redis or Valkey, so that several servers are one: whatever was appended at
 * any of them is read at all of them, and a client may come to another one with every request.
 *
 * <pre>
 *   append ─▶ store.lua ─▶ the log, a list      one step: kept, numbered, trimmed and told
 *                  ╰─PUBLISH─▶ Listener ─▶ MirroredLog ─▶ walk     on every server that somebody listens at
 *                                              ╰── a hole? ── reads the log
 * </pre>
 *
 * <p>The one rule: the log in Redis is the truth. What Pub/Sub brings is only used where it follows
 * what is known without a hole; silence is never trusted. Nothing outside this package knows it: it
 * is found by {@link java.util.ServiceLoader} when its setting is given.
 */
package switchboard.redis;
