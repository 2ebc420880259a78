package switchboard.timer;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.connection.Connections;
import switchboard.metrics.ProcessUsage;
import switchboard.publish.Publisher;
import switchboard.time.Clocks;

/** Publishes the server's readings once a second. */
@Startup
@Singleton
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class Ticker {

  private static final Logger LOG = Logger.getLogger(Ticker.class.getName());
  private static final long INTERVAL_MILLIS = 1_000;

  @Resource private ManagedThreadFactory threads;
  @Inject private Settings settings;
  @Inject private Publisher publisher;
  @Inject private Connections connections;
  @Inject private Clocks clocks;
  private @Nullable ScheduledExecutorService scheduler;
  private String channel;

  @PostConstruct
  void start() {
    channel = settings.get(Settings.TICKER).toString();
    if (!channel.isEmpty()) {
      // The first one is published now, so that the channel exists as soon as the server is ready.
      tick();
      scheduler = Executors.newSingleThreadScheduledExecutor(threads);
      var unused =
          scheduler.scheduleWithFixedDelay(
              this::tick, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  @PreDestroy
  void stop() {
    if (scheduler != null) {
      scheduler.shutdown();
    }
  }

  private void tick() {
    try {
      publisher.publish(channel, readings());
    } catch (RuntimeException | LinkageError e) {
      LOG.log(
          Level.WARNING, e, () -> "channel \"" + channel + "\" – the readings were not published");
    }
  }

  private JsonObject readings() {
    JsonObjectBuilder open = Json.createObjectBuilder();
    JsonObjectBuilder requests = Json.createObjectBuilder();
    JsonObjectBuilder empty = Json.createObjectBuilder();
    for (Transport transport : Transport.values()) {
      open.add(transport.key(), connections.open(transport));
      requests.add(transport.key(), connections.requests(transport));
      empty.add(transport.key(), connections.empty(transport));
    }
    return Json.createObjectBuilder()
        .add("time", clocks.wall().instant().toString())
        .add("heapUsedBytes", ProcessUsage.heapUsedBytes())
        .add("heapMaxBytes", Runtime.getRuntime().maxMemory())
        .add("cpuMillis", ProcessUsage.cpuMillis())
        .add("processors", Runtime.getRuntime().availableProcessors())
        .add("load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage())
        .add("open", open)
        .add("requests", requests)
        .add("empty", empty)
        .build();
  }
}
