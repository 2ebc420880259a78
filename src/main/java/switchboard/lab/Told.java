package switchboard.lab;

import jakarta.json.JsonObject;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.publish.Publisher;

/**
 * The channel on which the server tells the page what a browser cannot see.
 *
 * <p><b>Threads.</b> Safe; never waits.
 */
public final class Told {

  /** Where it is told. */
  static final String CHANNEL = "lab-told";

  private static final Logger LOG = Logger.getLogger(Told.class.getName());

  private final Publisher publisher;

  Told(Publisher publisher) {
    this.publisher = publisher;
  }

  void tell(JsonObject what) {
    try {
      publisher.publish(CHANNEL, what);
    } catch (RuntimeException e) {
      // Somebody closed or replaced the channel: the lab goes on without it.
      LOG.log(
          Level.FINE, e, () -> "channel \"" + CHANNEL + "\" – the lab's event was not published");
    }
  }
}
