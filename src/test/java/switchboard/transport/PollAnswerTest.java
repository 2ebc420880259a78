package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import switchboard.access.Authorizer;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Limits;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.http.Guard;
import switchboard.http.Headers;
import switchboard.http.HttpAnswer;
import switchboard.http.Query;
import switchboard.http.StrictJson;
import switchboard.log.Append;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.publish.JsonMessages;
import switchboard.time.Clocks;

class PollAnswerTest {

  private static final int PAGE_BYTES = 1_000;
  private static final int CHANNELS = 20;

  private final Map<String, String> set = Map.of("switchboard.access.open", "*");
  private final Settings settings = new Settings(setting -> set.get(setting.key()), set.keySet());
  private final Counters counters = new Counters();
  private final Clocks clocks = Clocks.system();
  private final Authorizer authorizer = new Authorizer(settings, clocks, name -> false);
  private final Channels channels =
      new Channels(
          new Retention(100, 1 << 20, Duration.ZERO, 10),
          new Page(100, PAGE_BYTES),
          new Limits(10 << 20, 100, 100, 10),
          name -> false,
          new Dispatch(Runnable::run, counters),
          clocks);
  private final List<String> names = IntStream.range(0, CHANNELS).mapToObj(i -> "c" + i).toList();

  private void append(String name, int bytes) {
    Channel channel =
        channels.create(new ChannelName(name), Channels.Request.empty(ContentType.JSON)).channel();
    channel.append(Append.of(JsonMessages.parse(('"' + "x".repeat(bytes) + '"').getBytes(UTF_8))));
  }

  private HttpAnswer poll(String offset) {
    String named = names.stream().map(name -> "channel=" + name).collect(Collectors.joining("&"));
    Query query = Query.parse(offset == null ? named : named + "&offset=" + offset, 8_000);
    Guard anybody = new Guard(authorizer, authorizer.identify("", null, null));
    ReadRequest read =
        ReadRequest.parse(channels, anybody, "", Transport.POLL, query, header -> null, CHANNELS);
    PollAnswer answer = new PollAnswer(read, PAGE_BYTES, clocks, counters);
    return answer.to(answer.now(), true, null);
  }

  private static List<JsonObject> frames(HttpAnswer answer) {
    return StrictJson.value(new String(answer.body(), UTF_8)).asJsonArray().stream()
        .map(JsonValue::asJsonObject)
        .toList();
  }

  @Test
  void anAnswerForManyChannelsIsNoLargerThanAPageAndTheNextOnesHaveTheRest() {
    names.forEach(name -> append(name, 400));
    List<String> heard = new ArrayList<>();
    HttpAnswer answer = poll(null);
    while (heard.size() < CHANNELS) {
      List<JsonObject> frames = frames(answer);
      assertEquals(2, frames.size(), "two messages of 402 bytes are less than a page, three more");
      frames.forEach(frame -> heard.add(frame.getString("channel")));
      assertEquals(heard.size() == CHANNELS, answer.headers().containsKey(Headers.UP_TO_DATE));
      answer = poll(answer.headers().get(Headers.NEXT_OFFSET));
    }
    assertEquals(List.of(), frames(answer));
    assertEquals(names.stream().sorted().toList(), heard.stream().sorted().toList());
  }

  @Test
  void aMessageThatIsLargerThanAPageIsAnsweredAlone() {
    names.forEach(name -> append(name, 2 * PAGE_BYTES));
    HttpAnswer answer = poll(null);
    assertEquals(1, frames(answer).size());
    assertFalse(answer.headers().containsKey(Headers.UP_TO_DATE));
  }

  @Test
  void aChannelThatAlwaysHasAPageDoesNotKeepOutTheOthers() {
    names.forEach(name -> append(name, PAGE_BYTES - 2));
    assertTrue(
        IntStream.range(0, 200)
                .mapToObj(i -> frames(poll(null)).get(0).getString("channel"))
                .distinct()
                .count()
            > 1,
        "from the same offsets another channel comes first now and then");
  }
}
