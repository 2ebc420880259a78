package switchboard.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.testing.Http;

/** An application that has the embedded JAR has channels of its own, and publishes to them. */
@ExtendWith(ArquillianExtension.class)
@Tag("quick")
class PublisherIT {

  private static final boolean HAS_H2 =
      !Set.of("openliberty", "glassfish").contains(System.getProperty("arquillian.launch", ""));

  @ArquillianResource private URL base;
  private Http http;
  private final String channel = "orders-" + UUID.randomUUID();

  @Deployment(testable = false)
  public static WebArchive war() {
    return ShrinkWrap.create(WebArchive.class, "shop.war")
        .addPackage(shop.Shop.class.getPackage())
        .addAsResource(new StringAsset("switchboard.access.open=*"), "switchboard.properties")
        .addAsWebResource(new StringAsset("A shop"), "index.html")
        .setWebXML(new StringAsset(databases()))
        // WildFly shows its H2 to those who ask for it.
        .setManifest(
            new StringAsset("Manifest-Version: 1.0\nDependencies: com.h2database.h2 optional\n"))
        .addAsLibrary(new File(System.getProperty("jar.under.test")), "switchboard.jar");
  }

  /** Two H2 databases, which commit in two phases; the server brings H2. */
  private static String databases() {
    String definitions =
        HAS_H2
            ? Stream.of("orders", "bills").map(PublisherIT::h2).collect(Collectors.joining())
            : "";
    return "<web-app xmlns=\"https://jakarta.ee/xml/ns/jakartaee\" version=\"6.0\">"
        + definitions
        + "</web-app>";
  }

  private static String h2(String name) {
    return """
        <data-source>
          <name>java:app/jdbc/%1$s</name>
          <class-name>org.h2.jdbcx.JdbcDataSource</class-name>
          <url>jdbc:h2:mem:%1$s;DB_CLOSE_DELAY=-1</url>
          <user>sa</user>
          <password>sa</password>
        </data-source>
        """
        .formatted(name);
  }

  private static void requireDatabases() {
    Assumptions.assumeTrue(HAS_H2, "this server brings no H2");
  }

  @BeforeEach
  void findTheServer() {
    http = new Http(URI.create("http://127.0.0.1:" + base.getPort() + "/shop/switchboard/"));
  }

  private Http.Answer order(int pieces, boolean isInStock) {
    return order(pieces, isInStock, "");
  }

  private Http.Answer order(int pieces, boolean isInStock, String more) {
    String query = "channel=%s&pieces=%d&inStock=%s%s".formatted(channel, pieces, isInStock, more);
    return http.send(http.request("../orders?" + query).POST(BodyPublishers.noBody()));
  }

  private String heard() {
    return http.get("channels/" + channel + "?offset=-1").body();
  }

  @Test
  void messagesOfATransactionAreVisibleInTheirOrderAfterTheCommitAndNotBefore() {
    http.put(channel, "application/json");
    String before = http.get("channels/" + channel + "?offset=now").next();
    Http.Answer answer = order(3, true);
    assertEquals(200, answer.status(), answer.body());
    assertEquals(before, answer.body(), "the channel's end inside the transaction");
    assertEquals("[{\"piece\":1},{\"piece\":2},{\"piece\":3}]", heard());
  }

  @Test
  void messagesOfATransactionThatIsRolledBackAreNeverVisible() {
    http.put(channel, "application/json");
    String before = http.get("channels/" + channel + "?offset=now").next();
    Http.Answer answer = order(2, false);
    assertEquals(409, answer.status(), answer.body());
    assertTrue(answer.body().startsWith("out of stock"), answer.body());
    assertTrue(answer.body().endsWith(before), answer.body());
    assertEquals("[]", heard());
    assertEquals(200, order(1, true).status());
    assertEquals("[{\"piece\":1}]", heard());
  }

  @Test
  void aChannelThatIsNotThereComesIntoBeingWithTheCommit() {
    assertEquals(409, order(1, false).status());
    assertEquals(404, http.get("channels/" + channel + "?offset=-1").status());
    assertEquals("none", order(1, true).body());
    assertEquals("[{\"piece\":1}]", heard());
  }

  @Test
  void whatCannotBePublishedIsRefusedInsideTheTransaction() {
    http.put(channel, "text/plain");
    Http.Answer answer = order(1, true);
    assertEquals(409, answer.status());
    assertEquals("channel \"%s\" holds text/plain, not JSON".formatted(channel), answer.body());
  }

  @Test
  void theOtherApplicationListensAtItsOwnUrl() {
    http.put(channel, "application/json");
    String before = http.get("channels/" + channel + "?offset=now").next();
    assertEquals(200, order(1, true).status());
    Http.Answer polled = http.get("channels/" + channel + "?offset=" + before + "&live=long-poll");
    assertEquals("[{\"piece\":1}]", polled.body());
  }

  // Payara 6 does not take a database into a transaction that is about to be committed.
  @ParameterizedTest
  @CsvSource({
    "'orders,bills,messages', false",
    "'orders,messages,bills', false",
    "'messages,orders,bills', false",
    "'orders,bills,messages', true",
    "'orders,messages,bills', true",
    "'messages,orders,bills', true"
  })
  void messagesOfATransactionOverTwoDatabasesAreAppendedOnceWithItsRows(
      String steps, boolean isLate) {
    requireDatabases();
    http.put(channel, "application/json");
    Http.Answer answer = order(3, true, "&steps=%s&late=%s".formatted(steps, isLate));
    assertEquals(200, answer.status(), answer.body());
    assertEquals("1 1", http.get("../orders?channel=" + channel).body());
    assertEquals("[{\"piece\":1},{\"piece\":2},{\"piece\":3}]", heard());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"orders,bills,messages", "orders,messages,bills", "messages,orders,bills"})
  void aTransactionOverTwoDatabasesThatIsRolledBackLeavesNeitherRowsNorMessages(String steps) {
    requireDatabases();
    http.put(channel, "application/json");
    Http.Answer answer = order(3, false, "&steps=" + steps);
    assertEquals("out of stock", answer.body());
    assertEquals("0 0", http.get("../orders?channel=" + channel).body());
    assertEquals("[]", heard());
  }

  @ParameterizedTest
  @CsvSource({"true, true, 2 1 3", "true, false, 1 3", "false, true, 2", "false, false, ''"})
  void aTransactionWithinAnotherHasItsOwnEnd(boolean isOuter, boolean isInner, String pieces) {
    http.put(channel, "application/json");
    Http.Answer answer = order(3, isOuter, "&inner=" + isInner);
    assertEquals(isOuter ? 200 : 409, answer.status(), answer.body());
    String expected =
        pieces.isEmpty()
            ? ""
            : Stream.of(pieces.split(" "))
                .map("{\"piece\":%s}"::formatted)
                .collect(Collectors.joining(","));
    assertEquals("[" + expected + "]", heard());
  }
}
