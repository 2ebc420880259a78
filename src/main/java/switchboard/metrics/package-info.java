/**
 * What is told about the server: {@linkplain switchboard.metrics.Meters numbers} for Prometheus and
 * whether it is well. Everything is counted elsewhere, in {@link switchboard.channel.Tally}, and
 * only read here; Micrometer is known here and nowhere else.
 */
package switchboard.metrics;
