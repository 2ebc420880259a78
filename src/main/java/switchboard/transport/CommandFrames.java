package switchboard.transport;

import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import switchboard.channel.Channel;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.http.Problem;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Offset;
import switchboard.publish.AppendRequest;
import switchboard.publish.JsonMessages;

/** Commands and responses of both kinds of WebSocket sessions. */
final class CommandFrames {

  // Kept: each look-up of the provider asks the class loader.
  private static final JsonBuilderFactory JSON = Json.createBuilderFactory(null);

  private CommandFrames() {}

  /** Executes an {@code append} command; {@code done} is told the outcome, now or later. */
  static void append(Channel channel, JsonValue value, Consumer<Appended> done) {
    List<byte[]> messages = Problem.orElse(Ending.BAD_MESSAGE, () -> messages(channel, value));
    if (messages.isEmpty()) {
      throw new Problem(Ending.EMPTY_BODY, "an append needs at least one message; [] has none");
    }
    channel.append(Append.of(messages), done);
  }

  /** The offset after the messages, or why they were refused. */
  static Offset next(Appended appended) {
    if (appended instanceof Appended.Accepted accepted) {
      return accepted.next();
    }
    throw AppendRequest.refusal(appended);
  }

  private static List<byte[]> messages(Channel channel, JsonValue value) {
    ContentType.Kind kind = channel.contentType().kind();
    if (kind == ContentType.Kind.JSON) {
      return JsonMessages.flatten(value);
    }
    if (!(value instanceof JsonString string)) {
      throw new IllegalArgumentException(
          "channel \"%s\" holds %s: append a JSON string"
              .formatted(channel.name(), channel.contentType()));
    }
    byte[] bytes =
        kind == ContentType.Kind.TEXT
            ? string.getString().getBytes(StandardCharsets.UTF_8)
            : Base64.getDecoder().decode(string.getString());
    return bytes.length == 0 ? List.of() : List.of(bytes);
  }

  /** The response to a command: {@code {"id":7,…}}. */
  static JsonObjectBuilder answer(JsonValue id) {
    JsonObjectBuilder frame = JSON.createObjectBuilder();
    return id == null ? frame : frame.add("id", id);
  }

  /** The response to a failed command. */
  static String error(JsonValue id, Problem problem) {
    return answer(id).add("error", problem.toJson()).build().toString();
  }

  /** A member that must be a string. */
  static String string(JsonObject command, String member) {
    if (command.get(member) instanceof JsonString string) {
      return string.getString();
    }
    throw new Problem(
        Ending.BAD_COMMAND,
        "\"%s\" in %s: a string is required".formatted(member, shorten(command)));
  }

  /** For quoting in a message. */
  static String shorten(Object frame) {
    String text = frame.toString();
    return text.length() <= 100 ? text : text.substring(0, 100) + "…";
  }
}
