package switchboard.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Ending;
import switchboard.channel.Limits;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.config.Version;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.container.FrameWriters;
import switchboard.log.Append;
import switchboard.log.Batch;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;

class MetersTest {

  private final Counters counters = new Counters();
  private final Channels channels =
      new Channels(
          new Retention(10, 100_000, Duration.ZERO),
          new Page(10, 1_000),
          Limits.NONE,
          name -> true,
          new Dispatch(Runnable::run, counters),
          Clocks.system());
  private final Meters meters =
      new Meters(
          channels,
          new Connections(counters, 1_000, 0, Admission.open()),
          new PendingBodies(1_000),
          counters,
          new FrameWriters(true),
          new Settings(setting -> null, List.of()));

  private Channel channel() {
    return channels
        .create(new ChannelName("c"), Channels.Request.empty(ContentType.JSON))
        .channel();
  }

  private void assertReads(String line) {
    List<String> lines = meters.scrape(null).lines().toList();
    assertTrue(lines.contains(line), line + " is not in\n" + String.join("\n", lines));
  }

  @Test
  void areTheOnesInTheDocumentation() throws IOException {
    Map<String, String> rows = new TreeMap<>();
    List<String> lines = meters.scrape(null).lines().toList();
    for (String line : lines) {
      if (line.startsWith("# HELP switchboard_")) {
        String[] parts = line.substring("# HELP ".length()).split(" ", 2);
        rows.put(parts[0], parts[1]);
      }
    }
    String table =
        rows.entrySet().stream()
            .map(row -> row(row.getKey(), row.getValue(), lines))
            .collect(Collectors.joining("\n", "", "\n\n"));
    String documentation = Files.readString(Path.of("docs/reference/metrics.md"));
    assertTrue(documentation.contains(table), "docs/reference/metrics.md should contain\n" + table);
  }

  private static String row(String name, String help, List<String> lines) {
    String type =
        lines.stream()
            .filter(line -> line.startsWith("# TYPE " + name + " "))
            .map(line -> line.substring(line.lastIndexOf(' ') + 1))
            .findFirst()
            .orElseThrow();
    String labels =
        lines.stream()
            .filter(line -> line.matches(name + "(_bucket)?[ {].*"))
            .flatMap(line -> Arrays.stream(line.split("[{},]")))
            .filter(part -> part.matches("[a-z]+=.*") && !part.startsWith("le="))
            .map(part -> "`" + part.substring(0, part.indexOf('=')) + "`")
            .distinct()
            .collect(Collectors.joining(", "));
    return "| `%s` | %s | %s | %s |".formatted(name, type, labels, help);
  }

  @Test
  void sayTheVersion() {
    assertReads("switchboard_build_info{version=\"%s\"} 1".formatted(Version.current()));
  }

  @Test
  void countWhatIsAppendedAndKept() {
    channel().append(Append.of(List.of(bytes("12"), bytes("345"))));
    assertReads("switchboard_messages_in_total 2.0");
    assertReads("switchboard_bytes_in_total 5.0");
    assertReads("switchboard_retained_bytes 5.0");
    assertReads("switchboard_channels 1.0");
  }

  @Test
  void countWhatIsSentByTransportAndHowManyMessagesABatchHas() {
    Channel channel = channel();
    channel.append(Append.of(List.of(bytes("1"), bytes("2"), bytes("3"))));
    counters.sent(Transport.WEBSOCKET, (Batch) channel.readAfter(channel.earliest()));
    assertReads("switchboard_messages_out_total{transport=\"webSocket\"} 3.0");
    assertReads("switchboard_batch_messages_bucket{transport=\"webSocket\",le=\"2.0\"} 0");
    assertReads("switchboard_batch_messages_bucket{transport=\"webSocket\",le=\"4.0\"} 1");
    assertReads("switchboard_messages_out_total{transport=\"eventStream\"} 0.0");
  }

  @Test
  void countEveryEndingByItsName() {
    counters.ended(Ending.CONNECTION_LOST);
    assertReads("switchboard_endings_total{ending=\"connection-lost\"} 1.0");
    assertReads("switchboard_endings_total{ending=\"too-slow\"} 0.0");
  }

  @Test
  void areAlsoThereAsOpenMetrics() {
    assertTrue(meters.scrape("application/openmetrics-text").endsWith("# EOF\n"));
    assertEquals("text/plain; version=0.0.4; charset=utf-8", Meters.mediaType("*/*"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
