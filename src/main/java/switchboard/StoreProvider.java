package switchboard;

import java.util.concurrent.ThreadFactory;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.config.Settings;
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
   * @param settings whose URL is {@linkplain #accepts accepted}
   * @throws IllegalStateException if the store cannot be used; the message has the reason
   */
  Store open(Settings settings, StoreContext parts, ThreadFactory threads);
}
