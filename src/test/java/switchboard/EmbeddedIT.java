package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import host.HostApplication;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Ports;
import switchboard.testing.Reader;
import switchboard.testing.ServerLog;
import switchboard.testing.ServerTest;

/**
 * An application that has {@code switchboard-embedded.jar} has channels below a path of its own,
 * and is as it was elsewhere. Four applications of one server: {@code bare} without the JAR; {@code
 * shop}, the same with it; {@code other}, the same again with no setting of its own and no
 * annotation that counts; and the WAR.
 */
@ExtendWith(ArquillianExtension.class)
class EmbeddedIT {

  private static final String SERVER = "http://" + Ports.AUTHORITY + "/";

  /** What of an answer is another's at another time or in another archive. */
  private static final Set<String> VARYING =
      Set.of("date", "set-cookie", "last-modified", "etag", "expires");

  private final Http shop = new Http(URI.create(SERVER + "shop/push/"));
  private final Http other = new Http(URI.create(SERVER + "other/elsewhere/"));
  private final Http war = new Http(URI.create(SERVER + "switchboard/"));
  private final String channel = "orders-" + UUID.randomUUID();

  @ArquillianResource private Deployer deployer;

  @Deployment(testable = false, name = "bare", order = 1)
  public static WebArchive bare() {
    return host("bare");
  }

  @Deployment(testable = false, name = "shop", order = 2)
  public static WebArchive shop() {
    return with("shop", "switchboard.path=/push", "switchboard.access.open=orders-*")
        .addPackage("shop");
  }

  @Deployment(testable = false, name = "other", order = 3)
  public static WebArchive other() {
    return ShrinkWrap.create(WebArchive.class, "other.war")
        .addAsLibrary(new File(System.getProperty("jar.under.test")), "switchboard.jar")
        .addAsWebResource(new StringAsset("another"), "index.html")
        .setWebXML(
            new StringAsset(
                "<web-app xmlns=\"https://jakarta.ee/xml/ns/jakartaee\" version=\"6.0\""
                    + " metadata-complete=\"true\"/>"));
  }

  @Deployment(testable = false, name = "switchboard", order = 4)
  public static WebArchive war() {
    return ServerTest.warWith("switchboard.access.open=*");
  }

  @Deployment(testable = false, name = "taken", managed = false)
  public static WebArchive taken() {
    return with("taken", "switchboard.path=/channels");
  }

  @Deployment(testable = false, name = "taken-by-resources", managed = false)
  public static WebArchive takenByResources() {
    return with("taken-by-resources", "switchboard.path=/api");
  }

  @Deployment(testable = false, name = "wrong", managed = false)
  public static WebArchive wrong() {
    return with("wrong", "switchboard.path=push");
  }

  private static WebArchive host(String name) {
    return ShrinkWrap.create(WebArchive.class, name + ".war")
        .addPackage(HostApplication.class.getPackage())
        .addAsWebResource(
            new StringAsset("<script>go()</script><style>a{}</style><form action=x></form>"),
            "index.html")
        .addAsWebResource(new StringAsset("{}"), "openapi.json");
  }

  private static WebArchive with(String name, String... settings) {
    WebArchive war =
        host(name).addAsLibrary(new File(System.getProperty("jar.under.test")), "switchboard.jar");
    return war.addAsResource(
        new StringAsset(String.join("\n", settings)), "switchboard.properties");
  }

  private static String answer(String application, String request) {
    String[] parts = request.split(" ", 4);
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(SERVER + application + "/" + parts[1]))
            .header("Origin", "https://elsewhere.test")
            .method(
                parts[0],
                parts.length < 4 ? BodyPublishers.noBody() : BodyPublishers.ofString(parts[3]));
    if (parts.length == 4) {
      builder.header("Content-Type", parts[2]);
    }
    Http.Answer answer = new Http(URI.create(SERVER)).send(builder);
    Map<String, List<String>> headers = new TreeMap<>(answer.response().headers().map());
    headers.replaceAll(
        (name, values) -> VARYING.contains(name.toLowerCase(Locale.ROOT)) ? List.of("…") : values);
    return (answer.status() + "\n" + headers + "\n" + answer.body())
        .replace("/" + application, "/APP");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET ",
        "HEAD ",
        "GET index.html",
        "GET page",
        "POST page application/x-www-form-urlencoded name=a",
        "GET session",
        "GET api/things",
        "GET api/things/fail",
        "GET api/nothing-here",
        "GET api/things/nothing-here",
        "PUT api/things text/plain a",
        "DELETE api/things",
        "OPTIONS api/things",
        "POST api/things application/x-www-form-urlencoded name=a",
        "POST api/things application/json {",
        "GET channels",
        "GET channels/news?offset=-1",
        "GET channels/news?live=sse&offset=-1",
        "PUT channels/news application/json []",
        "POST channels/news application/json [1]",
        "DELETE channels/news",
        "OPTIONS channels/news",
        "GET channels/news/presence",
        "POST access text/plain a",
        "GET access/denials",
        "GET metrics",
        "GET health",
        "GET health/live",
        "GET health/ready",
        "GET js/switchboard.js",
        "GET lab",
        "GET lab/app.js",
        "GET lab/api/crowd",
        "GET webjars/uplot/1.6.30/dist/uPlot.esm.js",
        "GET openapi.json",
        "GET asyncapi.json",
        "GET style.css",
        "GET favicon.svg",
        "GET nothing-here",
        "POST nothing-here application/json {}",
        "GET nothing/at/all",
        "GET push",
        "GET push/",
        "GET push/nothing-here",
        "GET push/channelsandmore",
        "GET push/js/nothing-here.js",
        "GET push/js/package.json",
        "GET push/access/nothing-here",
        "GET switchboard/channels/news",
        "GET switchboard.properties"
      })
  void whateverElseTheApplicationHasIsAnsweredAsWithoutTheJar(String request) {
    assertEquals(answer("bare", request), answer("shop", request));
  }

  private static String echo(String application) throws Exception {
    CompletableFuture<String> heard = new CompletableFuture<>();
    WebSocket socket =
        Http.newClient()
            .newWebSocketBuilder()
            .buildAsync(
                URI.create(SERVER.replace("http", "ws") + application + "/echo"),
                new WebSocket.Listener() {
                  @Override
                  public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean end) {
                    heard.complete(text.toString());
                    return null;
                  }
                })
            .join();
    socket.sendText("hello", true).join();
    String text = heard.get(15, TimeUnit.SECONDS);
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    return text;
  }

  @Test
  void theApplicationsOwnWebSocketIsAsWithoutTheJar() throws Exception {
    assertEquals("echo: hello", echo("bare"));
    assertEquals("echo: hello", echo("shop"));
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aTransactionOfTheApplicationIsHeardByEachTransport(Transport transport) {
    assertEquals(201, shop.put(channel, "application/json").statusCode());
    try (Reader reader = Reader.of(transport, shop.channel(channel, ""), "-1")) {
      ServerTest.await("it listens", reader::isReady);
      Http.Answer ordered =
          shop.send(
              shop.request("../orders?pieces=2&inStock=true&channel=" + channel)
                  .POST(BodyPublishers.noBody()));
      assertEquals(200, ordered.status(), ordered.body());
      ServerTest.await("it hears", () -> reader.heard().size() == 2);
      assertEquals(List.of("{\"piece\":1}", "{\"piece\":2}"), reader.heard());
    }
  }

  @Test
  void theOtherMethodsOfAChannelAreThereToo() {
    assertEquals(
        SERVER + "shop/push/channels/" + channel,
        shop.put(channel, "application/json").headers().firstValue("Location").orElse(""));
    assertEquals(204, shop.append(channel, "[1,2]").status());
    HttpRequest.Builder head = shop.request("channels/" + channel);
    assertEquals(
        "application/json",
        shop.send(head.method("HEAD", BodyPublishers.noBody())).header("Content-Type"));
    HttpRequest.Builder options = shop.request("channels/" + channel);
    assertEquals(
        "GET, HEAD, PUT, POST, DELETE, OPTIONS",
        shop.send(options.method("OPTIONS", BodyPublishers.noBody())).header("Allow"));
    assertEquals(0, shop.get("channels/" + channel + "/presence").problem().getInt("present"));
    assertEquals("[1,2]", shop.get("channels/" + channel + "?offset=-1").body());
    assertEquals(200, shop.get("channels?channel=" + channel + "@-1").status());
    assertEquals(204, shop.delete(channel).status());
    assertEquals(404, shop.get("channels/" + channel + "?offset=-1").status());
  }

  @Test
  void aLongPollEndsInItsTimeWithoutATimerOfEjb() {
    shop.put(channel, "application/json");
    assertEquals(204, shop.get("channels/" + channel + "?offset=now&live=long-poll").status());
  }

  @Test
  void theModuleForPagesIsThereWithAllThatItImports() {
    Http.Answer module = shop.get("js/switchboard.js");
    assertEquals(200, module.status());
    assertEquals(
        "text/javascript;charset=utf-8", module.header("Content-Type").toLowerCase(Locale.ROOT));
    assertEquals(war.get("js/switchboard.js").body(), module.body());
    var imports =
        java.util.regex.Pattern.compile("from '\\./([a-z-]+\\.js)'").matcher(module.body());
    while (imports.find()) {
      assertEquals(200, shop.get("js/" + imports.group(1)).status(), imports.group(1));
    }
    assertEquals(
        304,
        shop.send(shop.request("js/switchboard.js").header("If-None-Match", module.header("ETag")))
            .status());
  }

  @Test
  void applicationsOfOneServerDifferInChannelsAndInWhoMayDoWhat() {
    assertEquals(201, shop.put(channel, "application/json").statusCode());
    assertEquals(403, shop.put("news-" + channel, "application/json").statusCode());
    String refused = other.put(channel, "application/json").body();
    assertTrue(refused.contains("urn:switchboard:problem:forbidden"), refused);
    assertEquals(404, war.get("channels/" + channel + "?offset=-1").status());
    assertEquals(201, war.put("news-" + channel, "application/json").statusCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          taken | switchboard.path = "/channels": the application itself has the servlet
          taken-by-resources | switchboard.path = "/api": the application itself has the servlet
          wrong | switchboard.path = "push": not a path such as /push
          """)
  void aPathThatIsNoneOrThatTheApplicationNeedsItselfStopsTheDeployment(String name, String why)
      throws IOException {
    ServerLog log = ServerLog.listen();
    String thrown = "";
    try {
      deployer.deploy(name);
    } catch (Exception e) { // Payara Embedded throws none
      thrown = e.toString();
    } finally {
      log.close();
    }
    assertTrue((thrown + log.text()).contains(why), thrown + log.text());
    // Payara goes on without the filter that could not start.
    String path = why.contains("\"/api\"") ? "/api" : "";
    String body = new Http(URI.create(SERVER)).get(name + path + "/channels/news").body();
    assertFalse(body.contains("urn:switchboard"), body);
  }
}
