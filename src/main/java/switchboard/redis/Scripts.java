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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import switchboard.channel.ChannelName;

/**
 * Calls {@code store.lua}.
 *
 * <p><b>Threads.</b> Safe.
 */
final class Scripts {

  private static final Pattern MASTER =
      Pattern.compile("(?s)role:master.*?master_replid:([0-9a-f]{12})");

  private final Link link;
  private final String prefix;
  private final byte[] text = read();
  final String hash = hash(text);

  Scripts(Link link, String prefix) {
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
      // Not for secrecy: EVALSHA names scripts so.
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The Pub/Sub channel of a channel, and what its keys begin with. */
  String key(ChannelName name) {
    return prefix + "{" + name + "}";
  }

  /** One call; its arguments are strings, numbers and bytes. */
  State call(String operation, ChannelName name, Object... arguments) {
    List<Object> all = new ArrayList<>(List.of(operation, prefix, name.value()));
    all.addAll(List.of(arguments));
    return State.parse((List<?>) link.ask(c -> evaluate(c, name, all), operation.equals("append")));
  }

  /** Where a channel's log ends. */
  record Head(String id, long epoch, long number, boolean closed) {}

  /**
   * Where many logs end, in one round trip and without a script.
   *
   * @return one for each name; {@code null} where only a look tells: there is no such channel, or
   *     Redis' history is another one since it was written
   */
  List<Head> heads(List<ChannelName> names) {
    return names.isEmpty() ? List.of() : link.ask(connection -> heads(connection, names), false);
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

  // As store.lua writes it down with each channel; nothing of a replica.
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
    if (!Link.text(fields.get(4)).equals(history)) {
      return null;
    }
    boolean isClosed = fields.get(3) != null && Link.text(fields.get(3)).equals("1");
    return new Head(
        Link.text(fields.get(0)),
        Long.parseLong(Link.text(fields.get(1))),
        Long.parseLong(Link.text(fields.get(2))),
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
    all.add("1").add(key(name) + ":m");
    for (Object argument : arguments) {
      if (argument instanceof List<?> messages) {
        messages.forEach(message -> add(all, message));
      } else {
        add(all, argument);
      }
    }
    return all;
  }

  private static void add(CommandArguments all, Object argument) {
    if (argument instanceof byte[] bytes) {
      all.add(bytes);
    } else {
      all.add(argument.toString().getBytes(StandardCharsets.UTF_8));
    }
  }
}
