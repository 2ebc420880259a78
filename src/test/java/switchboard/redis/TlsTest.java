package switchboard.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import switchboard.channel.Channel;
import switchboard.config.RedisUrl;
import switchboard.testing.Programs;
import switchboard.testing.RecordingSink;
import switchboard.testing.RedisServer;

/**
 * Two nodes reach Redis by {@code rediss://} in a JVM of their own, which trusts what the test
 * says; Redis has a certificate for {@code localhost}.
 */
@Tag("redis")
class TlsTest {

  private static final String SECRET = "changeit";

  @TempDir private static Path folder;
  private static Path key;
  private static Path certificate;
  private static RedisServer redis;
  private static int port;

  @BeforeAll
  static void startRedis() throws Exception {
    Programs.require("openssl");
    RedisServer.requireTheMachinesOwn();
    key = folder.resolve("key.pem");
    certificate = folder.resolve("certificate.pem");
    List<String> command =
        List.of(
            ("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
                    + " -addext subjectAltName=DNS:localhost -keyout %s -out %s")
                .formatted(key, certificate)
                .split(" "));
    Process openssl = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, openssl.waitFor(), said);
    trust(certificate);
    port = RedisServer.freePort();
    redis =
        RedisServer.start(
            "--tls-port", Integer.toString(port),
            "--tls-cert-file", certificate.toString(),
            "--tls-key-file", key.toString(),
            "--tls-ca-cert-file", certificate.toString(),
            "--tls-auth-clients", "no");
  }

  private static void trust(Path certificate) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = Files.newInputStream(certificate);
        OutputStream out = Files.newOutputStream(folder.resolve("trust.p12"))) {
      store.setCertificateEntry(
          "redis", CertificateFactory.getInstance("X.509").generateCertificate(in));
      store.store(out, SECRET.toCharArray());
    }
  }

  @AfterAll
  static void stopRedis() {
    if (redis != null) {
      redis.close();
    }
  }

  private static String run(String url, String... options) throws Exception {
    List<String> command = new java.util.ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Nodes.class.getName(), url));
    Path output = Files.createTempFile(folder, "nodes", ".log");
    Process nodes =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(nodes.waitFor(60, TimeUnit.SECONDS), "it ends");
    return Files.readString(output);
  }

  private static String runTrusting(String url) throws Exception {
    return run(
        url,
        "-Djavax.net.ssl.trustStore=" + folder.resolve("trust.p12"),
        "-Djavax.net.ssl.trustStorePassword=" + SECRET);
  }

  @Test
  void twoNodesReceiveFromEachOtherOverTls() throws Exception {
    String said = runTrusting("rediss://localhost:" + port);
    assertTrue(said.contains("heard [1, 2]"), said);
  }

  @Test
  void twoNodesReceiveFromEachOtherOverTlsFromAllMastersOfARedisCluster() throws Exception {
    try (RedisCluster cluster = RedisCluster.startWithTls(key, certificate)) {
      String seed = "localhost:" + cluster.announcedPort(1);
      String said = runTrusting("rediss-cluster://" + seed);
      assertTrue(said.contains("at 3 masters"), said);
      assertTrue(said.contains("auto-h heard [1, 2]"), said);

      said = run("rediss-cluster://" + seed);
      assertTrue(said.contains("certification path"), said);

      said = runTrusting("rediss-cluster://" + seed.replace("localhost", "127.0.0.1"));
      assertTrue(said.contains("subject alternative names"), said);

      said = runTrusting("rediss://" + seed);
      assertTrue(said.contains("use rediss-cluster://"), said);
    }
  }

  @Test
  void aCertificateForAnotherHostIsRefused() throws Exception {
    String said = runTrusting("rediss://127.0.0.1:" + port);
    assertTrue(said.contains("rediss://127.0.0.1:" + port), said);
    assertTrue(said.contains("subject alternative names"), said);
  }

  @Test
  void anUntrustedCertificateIsRefused() throws Exception {
    String said = run("rediss://localhost:" + port);
    assertTrue(said.contains("cannot be reached"), said);
    assertTrue(said.contains("certification path"), said);
  }

  /** What the other JVM does. */
  static final class Nodes {
    private Nodes() {}

    public static void main(String[] urls) {
      try (RedisClient link = new RedisClient(RedisUrl.parse(urls[0]), Thread::new)) {
        RedisRequirements.require(link, "t:");
        System.out.println("at " + link.masters().size() + " masters");
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
        System.exit(1);
      }
      try (Node a = Node.at(urls[0]);
          Node b = Node.at(urls[0])) {
        // Each of three masters of a Redis Cluster has two of these channels.
        for (String name : List.of("auto-c", "auto-d", "auto-e", "auto-f", "auto-g", "auto-h")) {
          RecordingSink sink = RecordingSink.fast();
          Channel channel = b.find(name);
          channel.subscription(channel.earliest(), sink).start();
          Node.append(a.find(name), "1", "2");
          Node.await("all is heard", () -> sink.events.size() == 2);
          System.out.println(name + " heard " + sink.events);
        }
      }
      System.exit(0);
    }
  }
}
