package switchboard.lab;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.json.Json;
import org.jspecify.annotations.Nullable;
import switchboard.config.Settings;
import switchboard.connection.Connection;
import switchboard.connection.ConnectionObserver;
import switchboard.connection.Connections;
import switchboard.publish.Publisher;
import switchboard.time.Clocks;

/** Creates the parts of the lab and starts them with the application, if the lab is turned on. */
@ApplicationScoped
public class Lab {

  @Resource private ManagedScheduledExecutorService scheduler;
  @Resource private ManagedThreadFactory threads;
  @Inject private Settings settings;
  @Inject private Publisher publisher;
  @Inject private Connections connections;
  @Inject private Clocks clocks;
  private @Nullable Parts parts;

  private record Parts(LabEvents told, MessageSource source, Crowd crowd, SilentPeers vanisher) {}

  void start(@Observes @Initialized(ApplicationScoped.class) Object application) {
    if (!isOn()) {
      return;
    }
    LabEvents told = new LabEvents(publisher);
    MessageSource source = new MessageSource(publisher, scheduler, clocks.wall());
    parts = new Parts(told, source, new Crowd(threads, told::tell), new SilentPeers(scheduler));
    connections.watch(this::saw);
    told.tell(Json.createObjectBuilder().add("kind", "started").build());
    source.start();
  }

  @PreDestroy
  void stop() {
    Parts started = parts;
    if (started != null) {
      started.source().end();
      started.crowd().stop();
      started.vanisher().stop();
    }
  }

  private void saw(Connection connection, ConnectionObserver.Sight sight, String why) {
    told()
        .tell(
            Json.createObjectBuilder()
                .add("kind", "wire")
                .add("at", MessageSource.millis(clocks.wall().instant()))
                .add("label", connection.label())
                .add("transport", connection.transport().key())
                .add("saw", sight.name().toLowerCase(java.util.Locale.ROOT))
                .add("why", why)
                .build());
  }

  // These and their types are public, because some servers load proxies and classes with
  // different class loaders.

  /** Whether the lab is turned on. */
  public boolean isOn() {
    return settings.get(Settings.LAB);
  }

  private Parts parts() {
    Parts started = parts;
    if (started == null) {
      throw new IllegalStateException("the lab is turned off");
    }
    return started;
  }

  public LabEvents told() {
    return parts().told();
  }

  public MessageSource source() {
    return parts().source();
  }

  public Crowd crowd() {
    return parts().crowd();
  }

  public SilentPeers vanisher() {
    return parts().vanisher();
  }
}
