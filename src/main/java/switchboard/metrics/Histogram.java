package switchboard.metrics;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricFamilyDescriptor;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.Map;
import switchboard.channel.Distribution;

/**
 * A {@link Distribution} as Prometheus reads it. Micrometer has no histogram for existing counts,
 * and its own would cost more per write than the write itself costs per message.
 *
 * @param byTransport one, under the empty name, or one for each transport
 * @param unit what one counted unit is in the unit of the name
 */
record Histogram(
    String name, String description, Map<String, Distribution> byTransport, double unit)
    implements Collector {

  @Override
  public MetricSnapshot collect() {
    HistogramSnapshot.Builder snapshot = HistogramSnapshot.builder().name(name).help(description);
    byTransport.forEach(
        (transport, values) ->
            snapshot.dataPoint(
                HistogramDataPointSnapshot.builder()
                    .labels(transport.isEmpty() ? Labels.EMPTY : Labels.of("transport", transport))
                    .classicHistogramBuckets(buckets(values))
                    .sum(values.sum() * unit)
                    .build()));
    return snapshot.build();
  }

  private ClassicHistogramBuckets buckets(Distribution values) {
    ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
    for (int i = 0; i < Distribution.BUCKETS; i++) {
      buckets.bucket(Distribution.upperBound(i) * unit, values.count(i));
    }
    return buckets.build();
  }

  @Override
  public MetricFamilyDescriptor getMetricFamilyDescriptor() {
    return MetricFamilyDescriptor.histogram(name)
        .help(description)
        .labelNames(byTransport.containsKey("") ? List.of() : List.of("transport"))
        .build();
  }
}
