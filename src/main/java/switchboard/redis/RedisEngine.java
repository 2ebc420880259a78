package switchboard.redis;

import java.util.concurrent.ThreadFactory;
import switchboard.Engine;
import switchboard.channel.Parts;
import switchboard.channel.Store;
import switchboard.config.StoreUrl;

/** Channels in Redis or Valkey, for several servers. */
public final class RedisEngine implements Engine {

  @Override
  public Store open(StoreUrl url, String prefix, Parts parts, ThreadFactory threads) {
    Link link = new Link(url, threads);
    Fitness.require(link, prefix);
    return new RedisStore(link, prefix, parts, threads, RedisStore.Intervals.USUAL);
  }
}
