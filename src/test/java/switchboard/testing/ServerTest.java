package switchboard.testing;

import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import jakarta.json.JsonObject;
import java.io.File;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.importer.ZipImporter;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.channel.Transport;

/** The real WAR in a real server, reached over real sockets. */
@ExtendWith(ArquillianExtension.class)
public abstract class ServerTest {

  /** Long enough for every clock that the tests' settings let run. */
  public static final Duration BOUND = Duration.ofSeconds(15);

  @ArquillianResource private URL base;

  private final List<String> channels = new ArrayList<>();
  private String tickerOffset = "-1";
  private JsonObject newestReadings;

  /** Talks to the server under test. */
  protected Http http;

  /** Open to everybody: what most tests are about is not who may do it. */
  @Deployment(testable = false)
  public static WebArchive war() {
    return warWith("switchboard.access.open=*");
  }

  /** The same with these settings beside, their names without {@code switchboard.}. */
  public static WebArchive war(Map<String, ?> settings) {
    String lines =
        settings.entrySet().stream()
            .map(entry -> "switchboard." + entry.getKey() + "=" + entry.getValue())
            .collect(Collectors.joining("\n"));
    return war().addAsResource(new StringAsset(lines), "META-INF/microprofile-config.properties");
  }

  /** As it is deployed, with settings of its own. */
  public static WebArchive warWith(String... settings) {
    return packagedWar()
        .addClass(FaultServlet.class)
        .addAsResource(new StringAsset(String.join("\n", settings)), "switchboard.properties");
  }

  /** As it is deployed: closed. */
  public static WebArchive packagedWar() {
    return ShrinkWrap.create(ZipImporter.class, "switchboard.war")
        .importFrom(new File(System.getProperty("war.under.test")))
        .as(WebArchive.class);
  }

  @BeforeEach
  void findTheServer() {
    assertNotEquals("", base.getPath().replace("/", ""), "the WAR was not deployed");
    // The address that the server was told to listen on, whatever the adapter believes.
    http = new Http(URI.create("http://127.0.0.1:" + base.getPort() + "/switchboard/"));
  }

  @AfterEach
  void nothingIsLeftBehind() {
    awaitNoConnections(http, () -> channels.forEach(channel -> http.append(channel, "0")));
  }

  /**
   * Waits until the server has no connection.
   *
   * @param write makes it write to those that may be left: it notices that the client of an event
   *     stream is gone when it writes to it, with the next heartbeats seconds later
   */
  public static void awaitNoConnections(Http http, Runnable write) {
    await(
        "no connection is left",
        () -> {
          // One request where there is none: there are classes with hundreds of tests.
          if (Metrics.read(http, "switchboard_connections") == 0) {
            return true;
          }
          write.run();
          return false;
        });
  }

  /** How many connections of a kind the server itself says it holds. */
  protected int open(Transport transport) {
    return (int) metric("switchboard_connections{transport=\"" + transport.key() + "\"}");
  }

  /** The newest readings on the ticker: less than two seconds old. */
  protected JsonObject newestReadings() {
    await("the ticker ticks", () -> !readTicker());
    return newestReadings;
  }

  /** Whether there was more to read. */
  private boolean readTicker() {
    Http.Answer answer = http.get("channels/ticker?offset=" + tickerOffset);
    assertNotEquals(404, answer.status(), "the ticker's channel is there from the start");
    if (answer.status() == 200 && !answer.messages().isEmpty()) {
      newestReadings = answer.messages().getJsonObject(answer.messages().size() - 1);
    }
    tickerOffset = answer.next();
    return answer.header("Stream-Up-To-Date") == null || newestReadings == null;
  }

  /** A number of the server's, as {@code /metrics} has it: its name, with labels as written. */
  protected double metric(String name) {
    return Metrics.read(http, name);
  }

  /** A JSON channel of its own for the test. */
  protected String newChannel() {
    String name = "test-" + UUID.randomUUID();
    assertEquals(201, http.put(name, "application/json").statusCode());
    channels.add(name);
    return name;
  }

  /** Appends the numbers from 1 to {@code count}, one at a time, while the test goes on. */
  protected CompletableFuture<Void> publishInBackground(String channel, int count) {
    return CompletableFuture.runAsync(
        () ->
            IntStream.rangeClosed(1, count)
                .forEach(i -> http.append(channel, Integer.toString(i))));
  }

  /** Waits until it is so; fails after a bound. */
  public static void await(String what, Callable<Boolean> condition) {
    // Payara Embedded shares this process: what its threads throw is for the log, not for this
    // wait.
    with()
        .dontCatchUncaughtExceptions()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .await(what)
        .atMost(BOUND)
        .until(condition);
  }
}
