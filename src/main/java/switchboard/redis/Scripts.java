package switchboard.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Refused;
import switchboard.log.Append;
import switchboard.log.Producer;
import switchboard.log.Retention;

/**
 * Calls {@code store.lua}.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Scripts {

  private static final Logger LOG = Logger.getLogger(Scripts.class.getName());
  private static final Pattern MASTER =
      Pattern.compile("(?s)role:master.*?master_replid:([0-9a-f]{12})");

  /** How long an append can be sent again without being done twice. */
  private static final int ONCE_MILLIS = 60_000;

  private static final List<String> GONE = List.of("deleted", "removed");

  private final RedisClient link;
  private final String prefix;
  private final byte[] text = read();
  final String hash = hash(text);

  Scripts(RedisClient link, String prefix) {
    this.link = link;
    this.prefix = prefix;
  }

  private static byte[] read() {
    try (InputStream in = Scripts.class.getResourceAsStream("store.lua")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hash(byte[] text) {
    try {
      // Not for security: EVALSHA identifies scripts by it.
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The Pub/Sub channel of a channel, and what its keys begin with. */
  String key(ChannelName name) {
    return prefix + "{" + name + "}";
  }

  /** Among the arguments of a call, what tells a repetition of it from another call. */
  record Once(Object id) {
    @Override
    public String toString() {
      return id.toString();
    }
  }

  /** An append to the channel that has this {@code id}. */
  AppendReply append(ChannelName name, String id, Retention retention, Append append) {
    Producer producer = append.producer();
    ScriptReply state =
        call(
            "append",
            name,
            id,
            new Once(UUID.randomUUID()),
            ONCE_MILLIS,
            retention.maxMessages(),
            retention.maxBytes(),
            retention.maxAge().toMillis(),
            retention.maxProducers(),
            producer == null ? "" : producer.id(),
            producer == null ? 0 : producer.epoch(),
            producer == null ? 0 : producer.seq(),
            append.seq() == null ? 0 : 1,
            append.seq() == null ? "" : append.seq(),
            append.close() ? 1 : 0,
            append.messages());
    return AppendReply.of(append, state);
  }

  /** One call; its arguments are strings, numbers, bytes, lists of bytes, and {@link Once}. */
  ScriptReply call(String operation, ChannelName name, Object... arguments) {
    List<Object> all = new ArrayList<>(List.of(operation, prefix, name.value()));
    all.addAll(List.of(arguments));
    boolean isAppend = operation.equals("append");
    Object answer = link.ask(key(name), c -> evaluate(c, name, all), isAppend);
    ScriptReply state = ScriptReply.parse((List<?>) answer);
    release(name, state);
    return state;
  }

  // In a Redis Cluster a fork and its source may have different masters. The first server that
  // notices that a fork is gone tells its source; doing so twice has no effect.
  private void release(ChannelName name, ScriptReply state) {
    if (link.isCluster() && GONE.contains(state.status()) && state.more().size() > 1) {
      try {
        String source = state.text(0).split("\\|", 2)[0];
        call("release", new ChannelName(source), new Once(name + ":" + state.text(1)));
        call("released", name, state.text(1));
      } catch (Refused e) {
        LOG.log(
            Level.FINE,
            "the source was not told that its fork is gone; the next lookup of the fork retries",
            e);
      }
    }
  }

  /** Where a channel's log ends. */
  record Head(String id, long epoch, long number, boolean closed) {}

  /**
   * Where many logs of one master end, in one round trip and without a script.
   *
   * @return one for each name; {@code null} where the log must be read: there is no such channel,
   *     or the history of Redis has changed since it was written
   */
  List<Head> heads(List<ChannelName> names) {
    return names.isEmpty()
        ? List.of()
        : link.ask(key(names.get(0)), connection -> heads(connection, names), false);
  }

  private List<Head> heads(Connection connection, List<ChannelName> names) {
    connection.sendCommand(new CommandArguments(Command.INFO).add("replication"));
    for (ChannelName name : names) {
      connection.sendCommand(
          new CommandArguments(Command.HMGET)
              .add(key(name) + ":m")
              .add("id")
              .add("e")
              .add("s")
              .add("c")
              .add("r"));
    }
    List<Object> answers = connection.getMany(names.size() + 1);
    String history = history(answers.get(0));
    return answers.subList(1, answers.size()).stream().map(a -> head(a, history)).toList();
  }

  // As store.lua stores it with each channel; null for a replica.
  private static String history(Object info) {
    Matcher master =
        info instanceof byte[] bytes
            ? MASTER.matcher(new String(bytes, StandardCharsets.UTF_8))
            : null;
    return master != null && master.find() ? master.group(1) : null;
  }

  private static Head head(Object answer, String history) {
    if (!(answer instanceof List<?> fields) || fields.get(0) == null || fields.get(4) == null) {
      return null;
    }
    if (!RedisClient.text(fields.get(4)).equals(history)) {
      return null;
    }
    boolean isClosed = fields.get(3) != null && RedisClient.text(fields.get(3)).equals("1");
    return new Head(
        RedisClient.text(fields.get(0)),
        Long.parseLong(RedisClient.text(fields.get(1))),
        Long.parseLong(RedisClient.text(fields.get(2))),
        isClosed);
  }

  private Object evaluate(Connection connection, ChannelName name, List<Object> arguments) {
    try {
      return connection.executeCommand(command(Command.EVALSHA, hash, name, arguments));
    } catch (JedisNoScriptException e) {
      return connection.executeCommand(command(Command.EVAL, text, name, arguments));
    }
  }

  CommandArguments command(
      Command command, Object script, ChannelName name, List<Object> arguments) {
    CommandArguments all = new CommandArguments(command);
    add(all, script);
    List<String> keys = keys(name, arguments);
    all.add(Integer.toString(keys.size()));
    keys.forEach(all::add);
    for (Object argument : arguments) {
      if (argument instanceof List<?> messages) {
        messages.forEach(message -> add(all, message));
      } else {
        add(all, argument);
      }
    }
    return all;
  }

  // In a Redis Cluster all of them, so that a master that is handing over the channel's slot
  // changes nothing while it has only a part of the channel.
  private List<String> keys(ChannelName name, List<Object> arguments) {
    String key = key(name);
    if (!link.isCluster()) {
      return List.of(key + ":m");
    }
    List<String> keys = new ArrayList<>(List.of(key + ":m", key + ":l", key + ":p"));
    for (Object argument : arguments) {
      if (argument instanceof Once) {
        keys.add(key + ":i:" + argument);
      }
    }
    return keys;
  }

  private static void add(CommandArguments all, Object argument) {
    if (argument instanceof byte[] bytes) {
      all.add(bytes);
    } else {
      all.add(argument.toString().getBytes(StandardCharsets.UTF_8));
    }
  }
}
