package switchboard.redis;

import java.util.concurrent.ThreadFactory;
import switchboard.StoreProvider;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.config.RedisUrl;
import switchboard.config.Settings;
import switchboard.config.StoreUrl;

/** Channels in Redis or Valkey, for several servers. */
public final class RedisStoreProvider implements StoreProvider {

  @Override
  public boolean accepts(StoreUrl url) {
    return url instanceof RedisUrl;
  }

  @Override
  public Store open(Settings settings, StoreContext parts, ThreadFactory threads) {
    RedisUrl url = (RedisUrl) settings.get(Settings.STORE_URL).orElseThrow();
    String prefix = settings.get(Settings.STORE_PREFIX);
    RedisClient link = new RedisClient(url, threads);
    RedisRequirements.require(link, prefix);
    return new RedisStore(link, prefix, parts, threads, Intervals.USUAL);
  }
}
