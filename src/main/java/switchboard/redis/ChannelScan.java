package switchboard.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import switchboard.channel.ChannelName;
import switchboard.channel.ContentType;
import switchboard.channel.Listing;

/**
 * Lists the channels in Redis by {@code SCAN}, in a Redis Cluster one master after the other.
 *
 * <p>A position is the lowest slot of a master and Redis' own cursor there. As with {@code SCAN}, a
 * channel may be listed twice; while a slot moves or a replica takes its master's place, one may be
 * missing.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> Two round trips, for at most {@code max} keys.
 */
final class ChannelScan {

  private static final Pattern POSITION = Pattern.compile("([0-9]{1,5})-([0-9]{1,20})");
  private static final String SUFFIX = "}:m"; // see store.lua

  private final RedisClient link;
  private final String prefix;

  ChannelScan(RedisClient link, String prefix) {
    this.link = link;
    this.prefix = prefix + "{";
  }

  private record Position(int slot, long cursor) {

    static Position parse(String written) {
      Matcher parts = POSITION.matcher(written);
      if (!parts.matches() || Integer.parseInt(parts.group(1)) >= Slots.COUNT) {
        throw new IllegalArgumentException("no position: " + written);
      }
      return new Position(Integer.parseInt(parts.group(1)), Long.parseUnsignedLong(parts.group(2)));
    }

    @Override
    public String toString() {
      return slot + "-" + Long.toUnsignedString(cursor);
    }
  }

  Listing list(String after, int max) {
    Position at =
        after == null
            ? new Position(Math.max(0, link.firstOfNextOwner(-1)), 0)
            : Position.parse(after);
    List<Listing.Entry> found = new ArrayList<>();
    long cursor = link.askOwner(at.slot(), connection -> scan(connection, at, max, found));
    int slot = cursor == 0 ? link.firstOfNextOwner(at.slot()) : at.slot();
    return new Listing(found, slot < 0 ? null : new Position(slot, cursor).toString());
  }

  private long scan(Connection connection, Position at, int max, List<Listing.Entry> found) {
    found.clear(); // of an attempt before
    List<?> answer =
        (List<?>)
            connection.executeCommand(
                new CommandArguments(Command.SCAN)
                    .add(Long.toUnsignedString(at.cursor()))
                    .add("MATCH")
                    .add(prefix + "*" + SUFFIX)
                    .add("COUNT")
                    .add(max));
    List<String> keys = ((List<?>) answer.get(1)).stream().map(RedisClient::text).toList();
    for (String key : keys) {
      connection.sendCommand(new CommandArguments(Command.HMGET).add(key).add("ct").add("dl"));
    }
    List<Object> channels = connection.getMany(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      add(keys.get(i), channels.get(i), found);
    }
    return Long.parseUnsignedLong(RedisClient.text(answer.get(0)));
  }

  // Not one that was deleted, nor a key of somebody else.
  private void add(String key, Object fields, List<Listing.Entry> found) {
    if (fields instanceof List<?> values && values.get(0) != null && values.get(1) == null) {
      String name = key.substring(prefix.length(), key.length() - SUFFIX.length());
      try {
        found.add(
            new Listing.Entry(
                new ChannelName(name), new ContentType(RedisClient.text(values.get(0)))));
      } catch (IllegalArgumentException e) {
        return;
      }
    }
  }
}
