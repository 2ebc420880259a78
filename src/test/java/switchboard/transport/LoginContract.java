package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import switchboard.testing.Http;
import switchboard.testing.Ports;
import switchboard.testing.RawFrames;
import switchboard.testing.ServerTest;

/**
 * Whom the server's own realm knows may do what its roles grant, by every transport; whoever it
 * does not know comes no further than the server. The users are in {@code src/test/servers}.
 */
abstract class LoginContract {

  private static final String PROBLEM = "urn:switchboard:problem:";

  private static final String WEB_XML =
      """
      <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
        <context-param>
          <param-name>resteasy.add.charset</param-name>
          <param-value>false</param-value>
        </context-param>
        <security-constraint>
          <web-resource-collection>
            <web-resource-name>channels</web-resource-name>
            <url-pattern>/channels/*</url-pattern>
          </web-resource-collection>
          <auth-constraint><role-name>**</role-name></auth-constraint>
        </security-constraint>
        <login-config>%s</login-config>
        <security-role><role-name>reader</role-name></security-role>
        <security-role><role-name>clerk</role-name></security-role>
      </web-app>
      """;

  /** Payara: which of the realm's groups are which roles. */
  private static final String ROLES =
      """
      <glassfish-web-app>
        <security-role-mapping>
          <role-name>reader</role-name><group-name>reader</group-name>
        </security-role-mapping>
        <security-role-mapping>
          <role-name>clerk</role-name><group-name>clerk</group-name>
        </security-role-mapping>
      </glassfish-web-app>
      """;

  final Http http = new Http(Ports.SWITCHBOARD);
  private final String channel = "orders-" + UUID.randomUUID();

  static WebArchive war(String login) {
    return ServerTest.warWith(
            "switchboard.access.roles=reader=orders-*:read, clerk=orders-*:read+append+create, **=news:read")
        .setWebXML(new StringAsset(WEB_XML.formatted(login)))
        .addAsWebInfResource(new StringAsset(ROLES), "glassfish-web.xml");
  }

  /** Somebody who has logged in, and how their requests show it. */
  record User(HttpClient client, UnaryOperator<HttpRequest.Builder> showing, String[] header) {

    HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
      return client.send(showing.apply(request).build(), BodyHandlers.ofString());
    }
  }

  abstract User login(String name, String password) throws Exception;

  @Test
  void whoHasLoggedInMayDoWhatTheRolesGrantByEveryTransport() throws Exception {
    assertMay(
        login("carol", "carol-password"),
        login("alice", "alice-password"),
        login("dave", "dave-password"));
  }

  private static HttpRequest.Builder json(HttpRequest.Builder request, String method, String body) {
    return request
        .header("Content-Type", "application/json")
        .method(method, BodyPublishers.ofString(body));
  }

  private void assertMay(User clerk, User reader, User other) throws Exception {
    String path = "channels/" + channel;
    assertEquals(201, clerk.send(json(http.request(path), "PUT", "")).statusCode());
    assertEquals(204, clerk.send(json(http.request(path), "POST", "1")).statusCode());
    assertRefused(reader.send(json(http.request(path), "POST", "2")));
    assertRefused(reader.send(http.request("channels/ticker?offset=-1")));
    assertRefused(reader.send(http.request("channels/no-such-channel?offset=-1")));
    assertRefused(clerk.send(http.request(path).DELETE()));
    assertRefused(other.send(http.request(path + "?offset=-1")));
    assertEquals(404, other.send(http.request("channels/news?offset=-1")).statusCode());

    assertEquals("[1]", reader.send(http.request(path + "?offset=-1")).body());
    String next =
        reader
            .send(http.request(path + "?offset=-1"))
            .headers()
            .firstValue("Stream-Next-Offset")
            .get();
    CompletableFuture<HttpResponse<String>> held =
        reader
            .client()
            .sendAsync(
                reader
                    .showing()
                    .apply(http.request(path + "?live=long-poll&offset=" + next))
                    .header("Prefer", "wait=15")
                    .build(),
                BodyHandlers.ofString());
    try (RawFrames frames = socket(reader, "?offset=-1");
        RawFrames refused = socket(other, "?offset=-1")) {
      ServerTest.await("the message", () -> said(frames, "\"messages\":[1]"));
      assertEquals(4403, refused.closeCode());
      frames.send("{\"id\":1,\"append\":2}");
      ServerTest.await("no append", () -> said(frames, PROBLEM + "forbidden"));
      var stream =
          reader
              .client()
              .send(
                  reader.showing().apply(http.request(path + "?offset=-1&live=sse")).build(),
                  BodyHandlers.ofLines());
      assertEquals(200, stream.statusCode());
      try (var lines = stream.body()) {
        assertTrue(lines.anyMatch(line -> line.equals("data:[1]")));
      }
      assertEquals(204, clerk.send(json(http.request(path), "POST", "3")).statusCode());
      assertEquals("[3]", held.get().body());
      ServerTest.await("the next message", () -> said(frames, "\"messages\":[3]"));
    }
  }

  private static void assertRefused(HttpResponse<String> answer) {
    assertEquals(403, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains(PROBLEM + "forbidden"), answer.body());
  }

  private RawFrames socket(User user, String query) {
    return RawFrames.connect(
        http.channel(channel, query),
        request -> request.header(user.header()[0], user.header()[1]));
  }

  private static boolean said(RawFrames frames, String text) {
    return frames.heard().stream().anyMatch(frame -> frame.contains(text));
  }
}
