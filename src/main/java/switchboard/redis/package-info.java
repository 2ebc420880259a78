/**
 * Channels that live in Redis or Valkey, so that several servers act as one: what was appended at
 * any of them is read at all of them, and a client may use another one with every request.
 *
 * <pre>
 *   append ─▶ store.lua ─▶ the log, a list      one step: stored, numbered, trimmed and published
 *                  ╰─PUBLISH─▶ PubSubListener ─▶ MirroredLog ─▶ walk   on servers with readers
 *                                                    ╰── a hole? ── reads the log
 * </pre>
 *
 * <p>The one rule: the log in Redis is the truth. What Pub/Sub delivers is used only if it follows
 * what is known without a hole; silence is never trusted. No other package refers to this one: it
 * is found by {@link java.util.ServiceLoader} when its setting is given.
 */
package switchboard.redis;
