package switchboard;

import java.util.concurrent.ThreadFactory;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.config.StoreUrl;

/**
 * Opens a store outside this server. {@link java.util.ServiceLoader} finds it, so that no other
 * class depends on it and its client is needed only if it is used.
 */
public interface StoreProvider {

  /**
   * Connects.
   *
   * @param prefix the prefix of all names in the store
   * @throws IllegalStateException if the store cannot be used; the message has the reason
   */
  Store open(StoreUrl url, String prefix, StoreContext parts, ThreadFactory threads);
}
