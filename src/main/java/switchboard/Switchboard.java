package switchboard;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.InstantSource;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.access.Authorizer;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Limits;
import switchboard.channel.MemoryStore;
import switchboard.channel.Presence;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.config.RedisUrl;
import switchboard.config.ServerResources;
import switchboard.config.Settings;
import switchboard.config.Sources;
import switchboard.config.StoreUrl;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.connection.Drain;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.container.BlockingExecutor;
import switchboard.container.FrameWriters;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;
import switchboard.time.MonotonicClock;
import switchboard.time.TickClock;
import switchboard.timer.Tick;

/** Creates all parts, once per application. */
@ApplicationScoped
public class Switchboard {

  private static final Logger LOG = Logger.getLogger(Switchboard.class.getName());

  private ManagedThreadFactory threads;

  private final MonotonicClock elapsed = MonotonicClock.system();
  private final TickClock ticks = new TickClock(elapsed, Tick.MILLIS);
  private final Clocks clocks = new Clocks(InstantSource.system(), elapsed, ticks);
  private Settings settings;
  private ExecutorService workers;
  private BlockingExecutor blocking;
  private Dispatch dispatch;
  private Channels channels;
  private Presence presence;
  private final Counters counters = new Counters();
  private Connections connections;
  private PendingBodies bodies;
  private Drain drain;
  private RateLimiter pace;
  private Authorizer authorizer;

  @PostConstruct
  void start() {
    settings = Sources.read();
    threads = ServerResources.threads();
    authorizer = new Authorizer(settings, clocks, this::tellsChangesOfAnother);
    int wanted = settings.get(Settings.DISPATCH_THREADS);
    int count = wanted > 0 ? wanted : Math.max(2, Runtime.getRuntime().availableProcessors());
    workers = Executors.newFixedThreadPool(count, threads);
    blocking = BlockingExecutor.of(threads);
    dispatch = new Dispatch(workers, counters);
    pace = new RateLimiter(settings.get(Settings.MAX_APPENDS_PER_SECOND), clocks.elapsed());
    connections =
        new Connections(
            counters,
            maxConnections(),
            settings.get(Settings.MAX_PER_ADDRESS),
            new Admission(
                settings.get(Settings.STARTUP_MAX_CONNECTIONS_PER_SECOND),
                settings.get(Settings.STARTUP_RAMP_DURATION),
                clocks.elapsed()));
    bodies = new PendingBodies(bodyBytes());
    drain = new Drain(connections, bodies, settings.get(Settings.DRAIN_TIMEOUT), clocks.elapsed());
    channels =
        new Channels(
            new Retention(
                settings.get(Settings.LOG_MAX_MESSAGES),
                settings.get(Settings.LOG_MAX_BYTES),
                settings.get(Settings.LOG_MAX_AGE),
                settings.get(Settings.MAX_PRODUCERS)),
            new Page(
                settings.get(Settings.PAGE_MAX_MESSAGES), settings.get(Settings.PAGE_MAX_BYTES)),
            new Limits(
                totalBytes(),
                settings.get(Settings.MAX_CHANNELS),
                settings.get(Settings.MAX_SUBSCRIPTIONS),
                settings.get(Settings.MAX_FORKS),
                maxPollers(),
                maxSubscriptions()),
            this::isAutoCreated,
            dispatch,
            clocks,
            this::store);
    presence =
        new Presence(
            channels,
            name -> settings.get(Settings.PRESENCE_MEMBERS).match(name.value()),
            name -> tellsChanges(name.value()));
  }

  private boolean isAutoCreated(ChannelName name) {
    return settings.get(Settings.AUTO_CREATE).match(name.value())
        || tellsChangesOfAnother(name.value());
  }

  private boolean tellsChangesOfAnother(String name) {
    return Presence.isOfChanges(name, this::tellsChanges);
  }

  private boolean tellsChanges(String name) {
    return settings.get(Settings.PRESENCE_CHANGES).match(name);
  }

  private Store store(StoreContext parts) {
    Optional<StoreUrl> url = settings.get(Settings.STORE_URL);
    return url.isPresent() ? store(url.get(), parts) : new MemoryStore(parts);
  }

  private Store store(StoreUrl url, StoreContext parts) {
    try {
      for (StoreProvider provider :
          ServiceLoader.load(StoreProvider.class, StoreProvider.class.getClassLoader())) {
        if (provider.accepts(url)) {
          return provider.open(settings, parts, threads);
        }
      }
    } catch (ServiceConfigurationError e) {
      // switchboard.war is without the one for Redis
      LOG.log(Level.FINE, "a store is not in this application", e);
    }
    throw new IllegalStateException(
        url instanceof RedisUrl
            ? "switchboard.store.url %s: only switchboard-redis.war contains a Redis client"
                .formatted(url)
            : "switchboard.store.url %s: this application has no store for it".formatted(url));
  }

  private long totalBytes() {
    long mebibytes = settings.get(Settings.LOG_MAX_MEMORY);
    return mebibytes > 0 ? mebibytes << 20 : Runtime.getRuntime().maxMemory() / 4;
  }

  // Application servers use up to 30,000 bytes for a connection, and more for an HTTP/2 request.
  private int maxConnections() {
    int max = settings.get(Settings.MAX_CONNECTIONS);
    return max > 0 ? max : (int) Math.min(20_000, Runtime.getRuntime().maxMemory() >> 16);
  }

  // A subscription with what belongs to it takes about 700 bytes: 16 of them less than a
  // connection.
  private long maxSubscriptions() {
    return Math.max(settings.get(Settings.MAX_CHANNELS_PER_CONNECTION), 16L * maxConnections());
  }

  private int maxPollers() {
    int max = settings.get(Settings.MAX_POLLERS);
    return max > 0 ? max : (int) Math.min(10_000_000, Runtime.getRuntime().maxMemory() >> 14);
  }

  private long bodyBytes() {
    long mebibytes = settings.get(Settings.MAX_PENDING);
    long bytes = mebibytes > 0 ? mebibytes << 20 : Runtime.getRuntime().maxMemory() / 16;
    return Math.max(bytes, settings.get(Settings.MESSAGE_MAX_BYTES) + 1L);
  }

  @PreDestroy
  void stop() {
    // Payara leaves connections open when an application stops.
    drain.run();
    channels.close();
    workers.shutdown();
    blocking.shutdown();
  }

  @Produces
  @Singleton
  BlockingExecutor managedThreads() {
    return blocking;
  }

  @Produces
  @Singleton
  FrameWriters frameWriters() {
    return new FrameWriters(settings.get(Settings.FAST_PATH));
  }

  @Produces
  @Singleton
  Settings settings() {
    return settings;
  }

  @Produces
  @Singleton
  Channels channels() {
    return channels;
  }

  @Produces
  @Singleton
  Authorizer authorizer() {
    return authorizer;
  }

  @Produces
  @Singleton
  Presence presence() {
    return presence;
  }

  @Produces
  @Singleton
  RateLimiter pace() {
    return pace;
  }

  @Produces
  @Singleton
  PendingBodies bodies() {
    return bodies;
  }

  @Produces
  @Singleton
  Drain drain() {
    return drain;
  }

  @Produces
  @Singleton
  Dispatch dispatch() {
    return dispatch;
  }

  @Produces
  @Singleton
  Connections connections() {
    return connections;
  }

  @Produces
  @Singleton
  Counters counters() {
    return counters;
  }

  @Produces
  @Singleton
  Clocks clocks() {
    return clocks;
  }

  @Produces
  @Singleton
  TickClock ticks() {
    return ticks;
  }
}
