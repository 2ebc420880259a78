package switchboard;

import java.util.concurrent.ThreadFactory;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.config.StoreUrl;

/**
 * Opens a store outside the memory of this server. {@link java.util.ServiceLoader} finds it, so
 * that no other class depends on it and its client is needed only if it is used.
 */
public interface StoreProvider {

  /** Whether it opens stores with such a URL. */
  boolean accepts(StoreUrl url);

  /**
   * Opens the store.
   *
   * @param url one that is {@linkplain #accepts accepted}
   * @param prefix the prefix of all names in the store
   * @throws IllegalStateException if the store cannot be used; the message has the reason
   */
  Store open(StoreUrl url, String prefix, StoreContext parts, ThreadFactory threads);
}
