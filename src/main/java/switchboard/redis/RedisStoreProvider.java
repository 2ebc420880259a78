package switchboard.redis;

import java.util.concurrent.ThreadFactory;
import switchboard.StoreProvider;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.config.RedisUrl;
import switchboard.config.StoreUrl;

/** Channels in Redis or Valkey, for several servers. */
public final class RedisStoreProvider implements StoreProvider {

  @Override
  public boolean accepts(StoreUrl url) {
    return url instanceof RedisUrl;
  }

  @Override
  public Store open(StoreUrl url, String prefix, StoreContext parts, ThreadFactory threads) {
    RedisClient link = new RedisClient((RedisUrl) url, threads);
    RedisRequirements.require(link, prefix);
    return new RedisStore(link, prefix, parts, threads, Intervals.USUAL);
  }
}
