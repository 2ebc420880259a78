package switchboard.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Channels.Request;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Ending;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.channel.Limits;
import switchboard.channel.Listing;
import switchboard.config.Settings;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Producer;
import switchboard.log.Reading;
import switchboard.log.Retention;
import switchboard.log.UpToDate;
import switchboard.testing.FakeClocks;

/** Channels in a directory of this machine, over restarts. */
class DirectoryStoreTest {

  private static final ChannelName NAME = new ChannelName("c");

  @TempDir Path directory;

  private final FakeClocks clocks = new FakeClocks();
  private final ExecutorService workers = Executors.newCachedThreadPool();
  private final List<Channels> open = new ArrayList<>();

  @AfterEach
  void close() {
    open.forEach(Channels::close);
    workers.shutdown();
  }

  private Channels start(String... settings) {
    Map<String, String> all =
        new HashMap<>(
            Map.of(
                "switchboard.store.url", "file:" + directory,
                "switchboard.store.segment-mib", "16",
                "switchboard.store.lock-within", "PT0S"));
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i], settings[i + 1]);
    }
    Settings written = new Settings(setting -> all.get(setting.key()), List.of());
    Channels channels =
        new Channels(
            new Retention(100, 1_000_000, Duration.ZERO),
            new Page(1_000, 1_000_000),
            Limits.NONE,
            name -> false,
            new Dispatch(workers, new Counters()),
            clocks.clocks(),
            parts -> new FileStoreProvider().open(written, parts, Thread::new));
    open.add(channels);
    return channels;
  }

  private Channels restart(Channels channels) {
    channels.close();
    open.remove(channels);
    clocks.pass(Duration.ofMinutes(1));
    return start();
  }

  private static Channel create(Channels channels) {
    return channels.create(NAME, Request.empty(ContentType.JSON)).channel();
  }

  private static Channel find(Channels channels) {
    return channels.find(NAME).orElseThrow();
  }

  private static Offset append(Channel channel, String... messages) {
    Append append = Append.of(Stream.of(messages).map(m -> m.getBytes(UTF_8)).toList());
    return assertInstanceOf(Appended.Accepted.class, channel.append(append)).next();
  }

  private static List<String> texts(Reading reading) {
    Batch batch = assertInstanceOf(Batch.class, reading);
    return batch.messages().stream().map(m -> new String(m, UTF_8)).toList();
  }

  @Test
  void aReaderGoesOnAfterARestartAsIfThereHadBeenNone() {
    Channels channels = start();
    Channel channel = create(channels);
    Offset one = append(channel, "1");
    Offset two = append(channel, "2");
    channels = restart(channels);
    assertEquals(List.of("2"), texts(find(channels).readAfter(one)));
    assertEquals(new UpToDate(two, false), find(channels).readAfter(two));
    append(find(channels), "3");
    assertEquals(List.of("3"), texts(find(channels).readAfter(two)));
    channels = restart(restart(channels));
    assertEquals(List.of("2", "3"), texts(find(channels).readAfter(one)));
  }

  @Test
  void theTypeTheLifetimeTheProducersAndTheEndAreKept() {
    Channels channels = start();
    Lifetime hour = Lifetime.parse("3600", null);
    Request request =
        new Request(new ContentType("text/plain"), hour, null, false, type -> List.of());
    Channel channel = channels.create(NAME, request).channel();
    byte[] text = "t".getBytes(UTF_8);
    Append first = new Append(List.of(text), new Producer("p", 1, 0), "a", false);
    Append last = new Append(List.of(text), new Producer("p", 1, 1), "b", true);
    channel.append(first);
    channel.append(last);
    channel = find(restart(channels));
    assertEquals("text/plain", channel.contentType().value());
    assertEquals("3600", channel.lifetime().written());
    assertTrue(channel.isClosed());
    assertEquals(new Appended.Duplicate(channel.end(), true, 1), channel.append(last));
    assertInstanceOf(
        Appended.LogClosed.class, channel.append(Append.of(List.of(text))), "it is closed");
  }

  @Test
  void aDeletedChannelStaysDeletedAndItsNameIsKeptForItsForks() {
    Channels channels = start();
    append(create(channels), "1", "2");
    ChannelName fork = new ChannelName("fork");
    Request forking =
        new Request(null, Lifetime.UNBOUNDED, new Fork(NAME, null, 0), false, type -> List.of());
    append(channels.create(fork, forking).channel(), "3");
    assertTrue(Channels.await(channels.delete(NAME)));
    channels = restart(channels);
    assertTrue(channels.find(NAME).isEmpty());
    assertTrue(channels.isKeptForForks(NAME));
    Channel forked = channels.find(fork).orElseThrow();
    assertEquals(List.of("1", "2", "3"), texts(forked.readAfter(forked.earliest())));
    assertTrue(Channels.await(channels.delete(fork)));
    channels = restart(channels);
    assertFalse(channels.isKeptForForks(NAME));
    create(channels);
  }

  @Test
  void aForkMayBeginInTheMiddleOfAText() {
    Channels channels = start();
    Request text =
        new Request(
            new ContentType("text/plain"),
            Lifetime.UNBOUNDED,
            null,
            false,
            type -> List.of("12".getBytes(UTF_8), "345".getBytes(UTF_8)));
    Channel source = channels.create(NAME, text).channel();
    Offset behindFirst = new Offset(source.end().epoch(), 1);
    ChannelName name = new ChannelName("fork");
    Request forking =
        new Request(
            null, Lifetime.UNBOUNDED, new Fork(NAME, behindFirst, 2), false, type -> List.of());
    channels.create(name, forking);
    Channel fork = restart(channels).find(name).orElseThrow();
    assertEquals(List.of("12", "34"), texts(fork.readAfter(fork.earliest())));
  }

  @Test
  void aSlidingLifetimeGoesOnButLeavesTimeToComeBack() {
    Channels channels = start();
    Request request =
        new Request(ContentType.JSON, Lifetime.parse("30", null), null, false, type -> List.of());
    channels.create(NAME, request);
    channels = restart(channels); // takes a minute
    clocks.pass(Duration.ofSeconds(29));
    assertTrue(channels.find(NAME).isPresent());
    clocks.pass(Duration.ofSeconds(31));
    assertTrue(channels.find(NAME).isEmpty());
    assertTrue(restart(channels).find(NAME).isEmpty());
  }

  @Test
  void whatIsOnlyInMemoryIsEmptyAfterAStart() {
    Channels channels = start("switchboard.store.memory-channels", "c");
    append(create(channels), "1");
    channels.close();
    open.clear();
    assertTrue(start("switchboard.store.memory-channels", "c").find(NAME).isEmpty());
  }

  @Test
  void allChannelsAreListedThoseInMemoryLast() {
    Channels channels = start("switchboard.store.memory-channels", "b");
    for (String name : List.of("a", "b", "c", "d")) {
      channels.create(new ChannelName(name), Request.empty(ContentType.JSON));
    }
    List<String> names = new ArrayList<>();
    String after = null;
    do {
      Listing listing = channels.list(after, 2);
      listing.channels().forEach(entry -> names.add(entry.name().value()));
      after = listing.next();
    } while (after != null);
    assertEquals(List.of("a", "c", "d", "b"), names);
  }

  @Test
  void aDirectoryIsUsedByOneAtATime() {
    Channels first = start();
    String why = assertThrows(IllegalStateException.class, this::start).getMessage();
    assertTrue(why.contains("in use by another application of this server"), why);
    restart(first);
  }

  @Test
  void afterACopyWasRestoredReadersAreToldAndGoOnAtTheirPlace() throws IOException {
    Channels channels = start();
    Offset one = append(create(channels), "1", "2");
    channels.close();
    open.clear();
    Files.createFile(directory.resolve("restored"));
    clocks.pass(Duration.ofMinutes(1));
    channels = start();
    Gap gap = assertInstanceOf(Gap.class, find(channels).readAfter(one));
    assertEquals(Gap.Reason.EPOCH, gap.reason());
    assertEquals(2, gap.earliest().number());
    assertFalse(Files.exists(directory.resolve("restored")));
    append(find(channels), "3");
    assertEquals(List.of("3"), texts(find(channels).readAfter(gap.earliest())));
    assertEquals(List.of("3"), texts(find(restart(channels)).readAfter(gap.earliest())));
  }

  @Test
  void aDirectoryWithSomethingElseIsRefused() throws IOException {
    Files.createFile(directory.resolve("NOT-MOUNTED"));
    String why = assertThrows(IllegalStateException.class, this::start).getMessage();
    assertTrue(why.startsWith("switchboard.store.url file:" + directory + ": "), why);
    assertTrue(why.contains("\"NOT-MOUNTED\""), why);
  }

  @Test
  void anEmptyDirectoryMayBeOneThatIsNotMounted() {
    String why =
        assertThrows(IllegalStateException.class, () -> start("switchboard.store.new", "false"))
            .getMessage();
    assertTrue(why.contains("it is empty, and switchboard.store.new is false"), why);
  }

  @Test
  void aSegmentThatIsGoneIsNotedAtTheStart() throws IOException {
    Channels channels = start();
    append(create(channels), "1");
    restart(channels).close();
    open.clear();
    Files.delete(directory.resolve(SegmentHeader.fileName(1)));
    String why = assertThrows(IllegalStateException.class, this::start).getMessage();
    assertTrue(why.contains("file 000000000001.log is missing"), why);
  }

  @Test
  void aForkOfWhatIsInMemoryIsRefused() {
    Channels channels = start("switchboard.store.memory-channels", "c");
    create(channels);
    Request forking =
        new Request(null, Lifetime.UNBOUNDED, new Fork(NAME, null, 0), false, type -> List.of());
    Refused refused =
        assertThrows(Refused.class, () -> channels.create(new ChannelName("fork"), forking));
    assertEquals(Ending.BAD_FORK, refused.ending());
  }
}
