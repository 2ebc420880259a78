package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.testing.Http;
import switchboard.testing.Issuer;
import switchboard.testing.Ports;
import switchboard.testing.RawFrames;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** A server that knows an issuer of tokens, and a channel that only a token opens. */
@ExtendWith(ArquillianExtension.class)
abstract class AccessServerTest {

  protected static final String PROBLEM = "urn:switchboard:problem:";

  protected final Http http = new Http(Ports.SWITCHBOARD);
  protected final String admin =
      Issuer.token()
          .subject("admin")
          .grant("*", "read", "append", "create", "delete", "deny")
          .sign();
  protected String channel;

  @Deployment(testable = false)
  public static WebArchive war() {
    List<String> settings = new ArrayList<>(Issuer.TRUST);
    settings.addAll(
        List.of(
            "switchboard.access.open=public-*:read,lobby-*",
            "switchboard.token.channels=*",
            "switchboard.token.timeout=PT3S",
            "switchboard.access.max-failures-per-minute=1000"));
    return ServerTest.warWith(settings.toArray(String[]::new));
  }

  @BeforeEach
  void makeAChannel() {
    channel = "orders-" + UUID.randomUUID();
    assertEquals(201, create(channel, admin).status());
    append(channel, "1");
  }

  @AfterEach
  void nothingIsLeftBehind() {
    ServerTest.awaitNoConnections(http, () -> append(channel, "0"));
  }

  protected HttpRequest.Builder as(String token, String relative) {
    return http.request(relative).header("Authorization", "Bearer " + token);
  }

  protected Http.Answer create(String name, String token) {
    return http.send(
        as(token, "channels/" + name)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.noBody()));
  }

  protected Http.Answer append(String name, String json) {
    return append(name, json, admin);
  }

  protected Http.Answer append(String name, String json, String token) {
    return http.send(
        as(token, "channels/" + name)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  protected static String reader() {
    return Issuer.token().grant("orders-*", "read").sign();
  }

  protected static void assertRefused(int status, String problem, Http.Answer answer) {
    assertEquals(status, answer.status(), answer.body());
    assertEquals(PROBLEM + problem, answer.problem().getString("type"));
  }

  protected RawFrames socket(String token, String query) {
    return RawFrames.connect(
        http.channel(channel, query),
        request -> request.subprotocols("switchboard.v1", "switchboard.bearer." + token));
  }

  protected static boolean said(RawFrames frames, String text) {
    return frames.heard().stream().anyMatch(frame -> frame.contains(text));
  }

  /** An event stream as it comes. */
  protected static final class Stream implements AutoCloseable {

    @SuppressWarnings("JdkObsolete") // read while it is written
    private final StringBuffer text = new StringBuffer();

    private final HttpResponse<java.io.InputStream> response;
    private volatile boolean ended;

    Stream(HttpRequest.Builder request) throws Exception {
      HttpRequest asked = request.header("Accept", "text/event-stream").build();
      response = Http.CLIENT.send(asked, BodyHandlers.ofInputStream());
      Reader.start(
          () -> {
            try {
              for (int c = response.body().read(); c >= 0; c = response.body().read()) {
                text.append((char) c);
              }
            } catch (IOException e) {
              // an end too
            }
            ended = true;
          });
    }

    String text() {
      return text.toString();
    }

    boolean hasEnded() {
      return ended;
    }

    @Override
    public void close() throws IOException {
      response.body().close();
    }
  }
}
