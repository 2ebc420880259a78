package switchboard.lab;

import jakarta.json.JsonObject;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.publish.Publisher;

/**
 * The channel with events that a browser cannot see.
 *
 * <p><b>Threads.</b> Safe; never waits.
 */
public final class LabEvents {

  /** The name of the channel. */
  static final String CHANNEL = "lab-told";

  private static final Logger LOG = Logger.getLogger(LabEvents.class.getName());

  private final Publisher publisher;

  LabEvents(Publisher publisher) {
    this.publisher = publisher;
  }

  void tell(JsonObject what) {
    try {
      publisher.publish(CHANNEL, what);
    } catch (RuntimeException e) {
      // The channel was closed or replaced: the lab continues without it.
      LOG.log(
          Level.FINE, e, () -> "channel \"" + CHANNEL + "\" – the lab's event was not published");
    }
  }
}
