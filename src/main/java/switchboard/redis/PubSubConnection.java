package switchboard.redis;

import redis.clients.jedis.BinaryJedisPubSub;
import redis.clients.jedis.BinaryJedisShardedPubSub;
import redis.clients.jedis.Connection;

/**
 * A Pub/Sub connection to one master: the same calls for plain and for sharded Pub/Sub.
 *
 * <p><b>Threads.</b> One thread receives, in {@link #proceed}; any may subscribe.
 */
interface PubSubConnection {

  /** Is told what comes by one connection, by the thread that receives. */
  interface Receiver {
    void received(byte[] channel, byte[] message);

    void subscribed(PubSubConnection connection, byte[] channel);

    void unsubscribed(byte[] channel);
  }

  /** Subscribes to {@code first} and receives until the connection fails. */
  void proceed(Connection connection, byte[]... first);

  void subscribeTo(byte[][] channels);

  void unsubscribeFrom(byte[] channel);

  /** Of a single Redis, or one with replicas. */
  final class Plain extends BinaryJedisPubSub implements PubSubConnection {
    private final Receiver receiver;

    Plain(Receiver receiver) {
      this.receiver = receiver;
    }

    @Override
    public void subscribeTo(byte[][] channels) {
      subscribe(channels);
    }

    @Override
    public void unsubscribeFrom(byte[] channel) {
      unsubscribe(channel);
    }

    @Override
    public void onMessage(byte[] channel, byte[] message) {
      receiver.received(channel, message);
    }

    @Override
    public void onSubscribe(byte[] channel, int count) {
      receiver.subscribed(this, channel);
    }
  }

  /** Of a master in a Redis Cluster. */
  final class Sharded extends BinaryJedisShardedPubSub implements PubSubConnection {
    private final Receiver receiver;

    Sharded(Receiver receiver) {
      this.receiver = receiver;
    }

    @Override
    public void subscribeTo(byte[][] channels) {
      ssubscribe(channels);
    }

    @Override
    public void unsubscribeFrom(byte[] channel) {
      sunsubscribe(channel);
    }

    @Override
    public void onSMessage(byte[] channel, byte[] message) {
      receiver.received(channel, message);
    }

    @Override
    public void onSSubscribe(byte[] channel, int count) {
      receiver.subscribed(this, channel);
    }

    @Override
    public void onSUnsubscribe(byte[] channel, int count) {
      receiver.unsubscribed(channel);
    }
  }
}
