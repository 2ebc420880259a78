package switchboard.timer;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.Resource;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.Timeout;
import jakarta.ejb.TimerConfig;
import jakarta.ejb.TimerService;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.lang.management.ManagementFactory;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Connections;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.publish.Publisher;
import switchboard.time.Clocks;

/** Pushes the server's own readings once a second, without any client asking. */
@Startup
@Singleton
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class Ticker {

  private static final Logger LOG = Logger.getLogger(Ticker.class.getName());
  private static final long INTERVAL_MILLIS = 1_000;

  @Resource private TimerService timers;
  @Inject private Settings settings;
  @Inject private Publisher publisher;
  @Inject private Connections connections;
  @Inject private Clocks clocks;
  private String channel;

  @PostConstruct
  void start() {
    channel = settings.get(Settings.TICKER).toString();
    if (!channel.isEmpty()) {
      // The first one now: whoever comes as soon as the server is ready finds the channel.
      tick();
      timers.createIntervalTimer(
          INTERVAL_MILLIS, INTERVAL_MILLIS, new TimerConfig("ticker", false));
    }
  }

  @Timeout
  void tick() {
    try {
      publisher.publish(channel, readings());
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, e, () -> "channel \"" + channel + "\" – no readings");
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
        .add("heapUsedBytes", Process.heapUsedBytes())
        .add("heapMaxBytes", Runtime.getRuntime().maxMemory())
        .add("cpuMillis", Process.cpuMillis())
        .add("processors", Runtime.getRuntime().availableProcessors())
        .add("load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage())
        .add("open", open)
        .add("requests", requests)
        .add("empty", empty)
        .build();
  }
}
