package switchboard.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import switchboard.channel.Channels;
import switchboard.channel.Counters;
import switchboard.channel.Distribution;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.config.Setting;
import switchboard.config.Settings;
import switchboard.config.Version;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.container.FrameWriters;

/**
 * The metrics of this server in the Prometheus format, each with a row in {@code
 * docs/reference/metrics.md}.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> Nothing until a request: then the counts are read, and the sizes of all channels
 * are added once.
 */
public final class Meters {

  private static final double MICROS = 1e-6;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private static final List<Setting<Integer>> LIMITS =
      List.of(
          Settings.MAX_CHANNELS,
          Settings.MAX_SUBSCRIPTIONS,
          Settings.MAX_PRODUCERS,
          Settings.MAX_FORKS,
          Settings.MAX_CHANNELS_PER_CONNECTION,
          Settings.MAX_CONNECTIONS,
          Settings.MAX_PER_ADDRESS,
          Settings.MAX_APPENDS_PER_SECOND,
          Settings.STARTUP_MAX_CONNECTIONS_PER_SECOND,
          Settings.MESSAGE_MAX_BYTES,
          Settings.MAX_HEADER_BYTES,
          Settings.MAX_QUERY_BYTES,
          Settings.MAX_PENDING,
          Settings.PAGE_MAX_MESSAGES,
          Settings.PAGE_MAX_BYTES);

  public Meters(
      Channels channels,
      Connections connections,
      PendingBodies bodies,
      Counters counters,
      FrameWriters writers,
      Settings settings) {
    build();
    limits(settings);
    readers(connections, counters);
    addresses(connections);
    bodies(bodies);
    writers(writers);
    messages(channels, counters);
    counter(
        "endings", "Requests, connections and commands by the way they ended.", counters, "ending");
    dispatch(counters);
    // Only those that leave nothing in the JVM after undeployment.
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
  }

  private void build() {
    Gauge.builder("switchboard.build.info", () -> 1)
        .description("The version of Switchboard; always 1.")
        .tag("version", Version.current())
        .register(registry);
  }

  private void limits(Settings settings) {
    for (Setting<Integer> limit : LIMITS) {
      Gauge.builder("switchboard.limit", () -> settings.get(limit))
          .description(
              "Values of the settings that are limits; 0 as in docs/reference/settings.md.")
          .tag("setting", limit.key())
          .register(registry);
    }
  }

  private void readers(Connections connections, Counters counters) {
    for (Transport transport : Transport.values()) {
      Gauge.builder("switchboard.connections", connections, c -> c.open(transport))
          .description("Open connections.")
          .tag("transport", transport.key())
          .register(registry);
      Gauge.builder("switchboard.subscriptions", counters, t -> t.subscriptions(transport))
          .description("Active subscriptions; a connection may have several.")
          .tag("transport", transport.key())
          .register(registry);
      FunctionCounter.builder("switchboard.requests", connections, c -> c.requests(transport))
          .description("Read requests and WebSocket connections since the start.")
          .tag("transport", transport.key())
          .register(registry);
    }
  }

  private void addresses(Connections connections) {
    Gauge.builder("switchboard.client.addresses", connections, Connections::addresses)
        .description("Client addresses with open connections; 0 without a limit per address.")
        .register(registry);
  }

  private void bodies(PendingBodies bodies) {
    Gauge.builder("switchboard.pending.requests", bodies, PendingBodies::count)
        .description("Requests and large responses whose body is still being transferred.")
        .register(registry);
    Gauge.builder("switchboard.pending", bodies, PendingBodies::heldBytes)
        .baseUnit("bytes")
        .description(
            "Memory used for clients that send or read slowly: request bodies, parts of"
                + " frames, responses, events, frames.")
        .register(registry);
  }

  private void writers(FrameWriters writers) {
    for (FrameWriters.Way way : FrameWriters.Way.values()) {
      Gauge.builder("switchboard.websocket.writer", writers, w -> w.inUse() == way ? 1 : 0)
          .description("How WebSocket frames are written: 1 in use, 0 not, or no frame yet.")
          .tag("writer", way.key())
          .register(registry);
    }
  }

  private void messages(Channels channels, Counters counters) {
    Gauge.builder("switchboard.channels", channels, Channels::count)
        .description("Number of channels.")
        .register(registry);
    Gauge.builder("switchboard.retained", channels, Channels::retainedBytes)
        .baseUnit("bytes")
        .description("Bytes of all messages in the logs.")
        .register(registry);
    Gauge.builder("switchboard.memory", channels, Channels::heldBytes)
        .baseUnit("bytes")
        .description("Memory used by all logs, with overhead.")
        .register(registry);
    Gauge.builder("switchboard.memory.max", channels, Channels::maxHeldBytes)
        .baseUnit("bytes")
        .description("Limit of the memory used by all logs.")
        .register(registry);
    repairs(channels);
    counter("messages.in", "Messages appended.", counters, Counters::messagesIn);
    counter("bytes.in", "Bytes of messages appended.", counters, Counters::bytesIn);
    counter(
        "gaps",
        "Number of times a reader was told that messages are missing.",
        counters,
        Counters::gaps);
    counter(
        "messages.missed",
        "Messages missing in those gaps, where their number is known.",
        counters,
        Counters::missed);
    for (Transport transport : Transport.values()) {
      FunctionCounter.builder("switchboard.messages.out", counters, t -> t.batches(transport).sum())
          .description("Messages written to readers, counted once for each reader.")
          .tag("transport", transport.key())
          .register(registry);
    }
  }

  private void repairs(Channels channels) {
    FunctionCounter.builder("switchboard.store.gaps", channels, c -> c.repairs().gaps())
        .description("Messages from other servers that did not follow the last known message.")
        .register(registry);
    FunctionCounter.builder("switchboard.store.missed", channels, c -> c.repairs().missed())
        .description("Times that only the check once a minute found new messages in a channel.")
        .register(registry);
    FunctionCounter.builder("switchboard.store.losses", channels, c -> c.repairs().losses())
        .description(
            "Times that the store lost messages of a channel that this server had accepted.")
        .register(registry);
  }

  private void counter(String name, String description, Counters counters, String label) {
    for (Ending ending : Ending.values()) {
      FunctionCounter.builder("switchboard." + name, counters, t -> t.endings(ending))
          .description(description)
          .tag(label, ending.slug())
          .register(registry);
    }
  }

  private void counter(
      String name, String description, Counters counters, ToDoubleFunction<Counters> value) {
    FunctionCounter.builder("switchboard." + name, counters, value)
        .description(description)
        .register(registry);
  }

  private void dispatch(Counters counters) {
    Map<String, Distribution> batches = new LinkedHashMap<>();
    for (Transport transport : Transport.values()) {
      batches.put(transport.key(), counters.batches(transport));
    }
    histogram("batch_messages", "Messages in one batch written to one reader.", batches, 1);
    histogram(
        "lag_messages",
        "Messages that each reader is behind, measured once a second.",
        counters.lag(),
        1);
    histogram(
        "dispatch_wait_seconds",
        "Time that a channel with new messages waits for a worker.",
        counters.waitMicros(),
        MICROS);
    histogram(
        "dispatch_duration_seconds",
        "Time that a worker takes for the subscriptions of a channel.",
        counters.walkMicros(),
        MICROS);
  }

  private void histogram(String name, String description, Distribution values, double unit) {
    histogram(name, description, Map.of("", values), unit);
  }

  private void histogram(
      String name, String description, Map<String, Distribution> byTransport, double unit) {
    registry
        .getPrometheusRegistry()
        .register(new Histogram("switchboard_" + name, description, byTransport, unit));
  }

  /**
   * All metrics as they are now.
   *
   * @param accept the media types that the client understands, or {@code null}; OpenMetrics and the
   *     Prometheus text format are supported
   */
  public String scrape(String accept) {
    return registry.scrape(mediaType(accept));
  }

  /** The media type of the result of {@link #scrape}. */
  public static String mediaType(String accept) {
    return accept != null && accept.contains("application/openmetrics-text")
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";
  }
}
