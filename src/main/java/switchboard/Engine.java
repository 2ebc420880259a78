package switchboard;

import java.util.concurrent.ThreadFactory;
import switchboard.channel.Parts;
import switchboard.channel.Store;
import switchboard.config.StoreUrl;

/**
 * Opens a store outside this server. {@link java.util.ServiceLoader} finds it, so that nobody else
 * knows it, and its client is needed only where it is used.
 */
public interface Engine {

  /**
   * Connects.
   *
   * @param prefix what all names in the store begin with
   * @throws IllegalStateException if that store cannot be used; the message says why
   */
  Store open(StoreUrl url, String prefix, Parts parts, ThreadFactory threads);
}
