package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.channel.Transport;
import switchboard.testing.Certificates;
import switchboard.testing.Http;
import switchboard.testing.Ports;
import switchboard.testing.Programs;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** The server itself speaks TLS, with a certificate that this run made. */
class HttpsIT extends ServerTest {

  private static final int TLS_PORT = Ports.HTTPS;
  private static final int STREAMS = 300;
  private static final boolean HAS_HTTP_2 =
      Set.of("wildfly", "openliberty").contains(System.getProperty("arquillian.launch", ""));

  private Http plain;

  @BeforeEach
  void speakTls() {
    plain = http;
    http = new Http(URI.create("https://127.0.0.1:" + TLS_PORT + "/switchboard/"));
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void everyTransportHearsAndResumesOverTls(Transport transport) {
    String channel = newChannel();
    http.appendNumbers(channel, 1, 20);
    String offset;
    Reader.Opener opener = HandOverIT.OPENERS.get(transport);
    try (Reader reader = opener.open(http.channel(channel, ""), "-1")) {
      TransportContract.awaitHeard(reader, TransportContract.numbers(1, 20));
      offset = reader.offset();
    }
    http.appendNumbers(channel, 21, 25);
    try (Reader reader = opener.open(http.channel(channel, ""), offset)) {
      TransportContract.awaitHeard(reader, TransportContract.numbers(21, 25));
      http.appendNumbers(channel, 26, 30);
      TransportContract.awaitHeard(reader, TransportContract.numbers(21, 30));
    }
  }

  @Test
  void whereAChannelIsIsSaidWithHttps() {
    String location =
        http.put("over-tls", "application/json").headers().firstValue("Location").get();
    assertEquals(http.uri("channels/over-tls").toString(), location);
    http.delete("over-tls");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void theVersionsOfTlsInUseAreSpoken(String version) throws Exception {
    try (SSLSocket socket = connect()) {
      socket.setEnabledProtocols(new String[] {version});
      socket.startHandshake();
      assertEquals(version, socket.getSession().getProtocol());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1", "-tls1_1"})
  void olderVersionsOfTlsAreRefused(String version) throws Exception {
    Programs.require("openssl");
    Process openssl =
        new ProcessBuilder("openssl", "s_client", "-connect", "127.0.0.1:" + TLS_PORT, version)
            .redirectErrorStream(true)
            .start();
    openssl.getOutputStream().close();
    String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(openssl.waitFor() != 0, said);
    assertTrue(said.contains("no peer certificate available"), said);
  }

  @Test
  void aClientThatDoesNotTrustTheCertificateSaysSo() {
    HttpClient distrustful = HttpClient.newHttpClient();
    IOException refusal =
        assertThrows(
            SSLHandshakeException.class,
            () ->
                distrustful.send(
                    HttpRequest.newBuilder(http.root()).build(), BodyHandlers.discarding()));
    assertTrue(refusal.getMessage().contains("valid certification path"), refusal.getMessage());
  }

  @Test
  void aClientThatSpeaksTlsOnThePlainPortFailsAndOthersDoNotNotice() {
    String channel = newChannel();
    // An SSLException; or a time-out, as Payara goes on waiting for an end of the line.
    assertThrows(
        IOException.class,
        () -> {
          try (SSLSocket socket = connect(plain.root().getPort())) {
            socket.setSoTimeout(3_000);
            socket.startHandshake();
          }
        });
    assertEquals(204, plain.append(channel, "1").status());
  }

  @Test
  void aClientThatSpeaksPlainHttpOnTheTlsPortIsNotLeftWaiting() throws Exception {
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.send("GET /switchboard/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertTrue(socket.readsUntilEnd());
    }
  }

  /** Payara and GlassFish keep what HTTP/2's clients do not read: it is off there, as docs say. */
  @Test
  void http2IsOfferedWhereAClientThatReadsNothingDoesNoHarm() throws Exception {
    try (SSLSocket socket = connect()) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      assertEquals(HAS_HTTP_2, socket.getApplicationProtocol().equals("h2"));
    }
  }

  @Test
  void oneConnectionCarriesManyEventStreamsByHttp2() throws IOException {
    // Open Liberty ends some of the streams without their last event.
    assumeTrue(System.getProperty("arquillian.launch", "").equals("wildfly"));
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_2)
            .sslContext(Certificates.trusting())
            .build();
    String channel = newChannel();
    HttpRequest request =
        HttpRequest.newBuilder(http.channel(channel, "?offset=now&live=sse")).build();
    List<InputStream> streams =
        IntStream.range(0, STREAMS)
            .mapToObj(i -> client.sendAsync(request, BodyHandlers.ofInputStream()))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .peek(response -> assertEquals(HttpClient.Version.HTTP_2, response.version()))
            .peek(response -> assertEquals(200, response.statusCode()))
            .map(HttpResponse::body)
            .toList();
    await("all are open", () -> open(Transport.EVENT_STREAM) == STREAMS);
    http.append(channel, "\"heard\"");
    http.delete(channel); // which ends them
    for (InputStream stream : streams) {
      assertTrue(new String(stream.readAllBytes(), StandardCharsets.UTF_8).contains("heard"));
    }
  }

  private static SSLSocket connect() throws IOException {
    return connect(TLS_PORT);
  }

  private static SSLSocket connect(int port) throws IOException {
    Socket socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout((int) BOUND.toMillis());
    return (SSLSocket)
        Certificates.trusting().getSocketFactory().createSocket(socket, "127.0.0.1", port, true);
  }

  @Test
  void theTestsCertificateIsTheOneThatIsShown() throws Exception {
    try (SSLSocket socket = connect()) {
      socket.startHandshake();
      assertEquals(
          List.of("CN=localhost"), List.of(socket.getSession().getPeerPrincipal().getName()));
    }
  }
}
