/**
 * How something gets said: what clients send becomes {@linkplain switchboard.log.Append appends}.
 * The one rule: it happens whole or not at all.
 *
 * <p>{@link switchboard.publish.Publisher} is Switchboard's API for Java, with {@link
 * switchboard.log.Offset}, which it returns. Everything else, here and in all other packages, is
 * internal: it is public only for the packages beside it, and may change with any version.
 */
package switchboard.publish;
