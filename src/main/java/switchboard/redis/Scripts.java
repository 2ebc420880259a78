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

  private final Link link;
  private final String prefix;
  private final byte[] text = read();
  private final String hash = hash(text);

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

  private Object evaluate(Connection connection, ChannelName name, List<Object> arguments) {
    try {
      return connection.executeCommand(command(Command.EVALSHA, hash, name, arguments));
    } catch (JedisNoScriptException e) {
      return connection.executeCommand(command(Command.EVAL, text, name, arguments));
    }
  }

  private CommandArguments command(
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
