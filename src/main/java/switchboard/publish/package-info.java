/**
 * How something gets said: what clients send becomes {@linkplain switchboard.log.Append appends}.
 * The one rule: it happens whole or not at all.
 */
package switchboard.publish;
