/**
 * {@linkplain switchboard.metrics.Meters Metrics} for Prometheus and health checks. Everything is
 * counted in {@link switchboard.channel.Counters} and only read here. Only this package uses
 * Micrometer.
 */
@NullMarked
package switchboard.metrics;

import org.jspecify.annotations.NullMarked;
