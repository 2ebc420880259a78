package switchboard.redis;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import redis.clients.jedis.Jedis;
import switchboard.testing.RedisServer;

/** One real Redis for all tests of a class; each begins with nothing in it. */
@Tag("redis")
abstract class OneRedis {

  protected static RedisServer redis;

  @BeforeAll
  static void startRedis() {
    redis = RedisServer.start();
  }

  @AfterAll
  static void stopRedis() {
    if (redis != null) {
      redis.close();
    }
  }

  @BeforeEach
  void forgetAll() {
    try (Jedis jedis = redis.client()) {
      jedis.flushAll();
    }
  }
}
