package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.SendHandler;
import jakarta.websocket.Session;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.access.Authorizer;
import switchboard.channel.Channels;
import switchboard.channel.Counters;
import switchboard.channel.Store;
import switchboard.config.Settings;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.container.FrameWriter;
import switchboard.container.WebSocketFrame;
import switchboard.http.ClientPrincipal;
import switchboard.http.Guard;
import switchboard.http.Problem;
import switchboard.testing.LoggedErrors;
import switchboard.testing.Reader;
import switchboard.testing.SmallChannels;
import switchboard.time.Clocks;

/** What a WebSocket is told when its store fails as nobody expects. */
class WebSocketConnectionTest {

  private static final Map<String, String> SETTINGS = Map.of("switchboard.access.open", "*");

  private final Settings settings =
      new Settings(setting -> SETTINGS.get(setting.key()), SETTINGS.keySet());
  private final Counters counters = new Counters();
  private final Connections connections = new Connections(counters, 10, 0, Admission.open());
  private final Clocks clocks = new Clocks(() -> Instant.EPOCH, () -> 1_000, () -> 1_000);
  private final Authorizer authorizer = new Authorizer(settings, clocks, name -> false);
  private final Guard anybody = new Guard(authorizer, authorizer.identify("", null, null));
  private final IllegalStateException fault = new IllegalStateException("a fault on purpose");
  private final Channels channels = SmallChannels.of(counters, clocks, parts -> failing());
  private final List<JsonObject> frames = new ArrayList<>();
  private final List<Integer> closeCodes = new ArrayList<>();
  private final LoggedErrors logged = new LoggedErrors(Problem.class);

  @AfterEach
  void leaveTheLog() {
    logged.close();
  }

  private Store failing() {
    return (Store)
        Proxy.newProxyInstance(
            Store.class.getClassLoader(),
            new Class<?>[] {Store.class},
            (proxy, method, arguments) -> {
              throw fault;
            });
  }

  private WebSocketConnection open(boolean isForMany) {
    Session session =
        (Session)
            Proxy.newProxyInstance(
                Session.class.getClassLoader(),
                new Class<?>[] {Session.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "close" -> closeCodes.add(code(arguments));
                      default -> null;
                    });
    WebSocketConnection opened =
        new WebSocketConnection(
            session,
            new ClientPrincipal("", isForMany ? "" : "c", anybody, null),
            this::write,
            connections,
            new PendingBodies(1 << 20),
            new RateLimiter(0, clocks.elapsed()),
            settings,
            clocks);
    opened.open(WebSockets.conversation(opened, channels, settings));
    return opened;
  }

  private static int code(Object[] arguments) {
    return ((CloseReason) arguments[0]).getCloseCode().getCode();
  }

  private void write(WebSocketFrame frame, SendHandler written) {
    frames.add(Reader.object(frame.text()));
    written.onResult(FrameWriter.WRITTEN);
  }

  private void assertInternal(JsonObject frame) {
    String type = frame.getJsonObject("error").getString("type");
    assertTrue(type.endsWith(":internal"), frame::toString);
    assertEquals(List.of(fault), logged.all());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"id\":7,\"subscribe\":\"c\"}", "{\"id\":7,\"channel\":\"c\",\"append\":1}"})
  void aCommandThatFailsIsAnsweredAndTheConnectionGoesOn(String command) {
    WebSocketConnection hub = open(true);
    hub.received(command, true);
    JsonObject answer = frames.get(frames.size() - 1);
    assertEquals(7, answer.getInt("id"));
    assertInternal(answer);
    hub.received("{\"id\":8,\"ping\":true}", true);
    assertTrue(frames.get(frames.size() - 1).getBoolean("pong"));
    assertEquals(List.of(), closeCodes);
  }

  @Test
  void aConnectionThatCannotBeginIsToldAndClosed() {
    open(false);
    assertInternal(frames.get(0));
    assertEquals(List.of(1011), closeCodes);
  }
}
