package switchboard.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * nginx or HAProxy with its configuration of {@code deploy}, changed only where it names addresses
 * and files. Both of its nodes are the one server under test, the second by way of a relay; or it
 * has several real ones.
 */
public final class RunningProxy implements AutoCloseable {

  public static final int PORT = Ports.port(70);
  public static final int TLS_PORT = Ports.port(71);
  private static final int SECOND_NODE = Ports.port(72);

  /** Which one. */
  public enum Kind {
    NGINX("nginx"),
    HAPROXY("haproxy");

    private final String program;

    Kind(String program) {
      this.program = program;
    }

    public String program() {
      return program;
    }
  }

  private final Kind kind;
  private final Path configuration;
  private final Relay relay;
  private Process process;

  private RunningProxy(Kind kind, Path configuration, Relay relay) {
    this.kind = kind;
    this.configuration = configuration;
    this.relay = relay;
  }

  public static RunningProxy start(Kind kind, int node, String certificate) throws Exception {
    return start(kind, node, certificate, text -> text);
  }

  public static RunningProxy start(
      Kind kind, int node, String certificate, UnaryOperator<String> change) throws Exception {
    Path configuration = configure(kind, node, Certificates.pem(certificate));
    Files.writeString(configuration, change.apply(Files.readString(configuration)));
    Relay relay = new Relay(SECOND_NODE, node);
    RunningProxy proxy = new RunningProxy(kind, configuration, relay);
    proxy.process = proxy.run();
    ServerTest.await(kind + " listens", RunningProxy::listens);
    return proxy;
  }

  /** In front of several nodes, to which it gives requests in turn. */
  public static RunningProxy start(Kind kind, List<Integer> nodes, String certificate)
      throws Exception {
    return start(kind, nodes, certificate, "server 127.0.0.1:%d;"::formatted, text -> text);
  }

  /** nginx in front of several nodes, each of which has channels of its own. */
  public static RunningProxy startWithHomes(List<Integer> nodes, String certificate)
      throws Exception {
    return start(
        Kind.NGINX,
        nodes,
        certificate,
        "server 127.0.0.1:%d max_fails=0;"::formatted,
        text ->
            text.replace("upstream switchboard {", "upstream switchboard {\nhash $uri consistent;")
                // Another node would make a channel of the same name.
                .replace("proxy_http_version", "proxy_next_upstream off;\nproxy_http_version"));
  }

  private static RunningProxy start(
      Kind kind,
      List<Integer> nodes,
      String certificate,
      Function<Integer, String> line,
      UnaryOperator<String> change)
      throws Exception {
    Path configuration = configure(kind, nodes.get(0), Certificates.pem(certificate));
    String servers = nodes.stream().map(line).collect(Collectors.joining("\n"));
    String text = Files.readString(configuration);
    Files.writeString(
        configuration,
        change.apply(
            text.replace("server 127.0.0.1:" + nodes.get(0) + ";", servers)
                .replace("server 127.0.0.1:" + SECOND_NODE + ";", "")));
    RunningProxy proxy = new RunningProxy(kind, configuration, null);
    proxy.process = proxy.run();
    ServerTest.await(kind + " listens", RunningProxy::listens);
    return proxy;
  }

  /** Gives nginx's node nothing new, until it is put back. */
  public void leaveOut(int node) throws IOException, InterruptedException {
    change("server 127.0.0.1:" + node + ";", "server 127.0.0.1:" + node + " down;");
  }

  public void putBack(int node) throws IOException, InterruptedException {
    change("server 127.0.0.1:" + node + " down;", "server 127.0.0.1:" + node + ";");
  }

  private void change(String from, String to) throws IOException, InterruptedException {
    String text = Files.readString(configuration);
    if (!text.contains(from)) {
      throw new IllegalStateException("no \"" + from + "\" in " + text);
    }
    Files.writeString(configuration, text.replace(from, to));
    reload();
  }

  /** What it says when its certificate is not there. */
  public static String refusesToStart(Kind kind, int node) throws Exception {
    Path configuration = configure(kind, node, Path.of("target/missing.pem").toAbsolutePath());
    try (RunningProxy proxy = new RunningProxy(kind, configuration, new Relay(SECOND_NODE, node))) {
      proxy.process = proxy.run();
      if (!proxy.process.waitFor(10, TimeUnit.SECONDS) || proxy.process.exitValue() == 0) {
        throw new IllegalStateException(kind + " started without a certificate");
      }
      return Files.readString(proxy.log());
    }
  }

  private static Path configure(Kind kind, int node, Path pem) throws IOException {
    return kind == Kind.NGINX ? configureNginx(node, pem) : configureHaproxy(node, pem);
  }

  private static Path configureNginx(int node, Path pem) throws IOException {
    Path folder = Files.createDirectories(Path.of("target/nginx").toAbsolutePath());
    String site =
        Files.readString(Path.of("deploy/nginx/switchboard.conf"))
            .replaceAll("(?m)^ *listen \\[.*\n", "")
            .replace("listen 80;", "listen 127.0.0.1:" + PORT + ";")
            .replace("listen 443 ", "listen 127.0.0.1:" + TLS_PORT + " ")
            .replace("push.example.com", "127.0.0.1")
            .replaceAll("/etc/nginx/switchboard\\.(pem|key)", pem.toString())
            .replace("server 127.0.0.1:8080;", "server 127.0.0.1:" + node + ";")
            .replace("# server 10.0.0.2:8080;", "server 127.0.0.1:" + SECOND_NODE + ";");
    String temporary = "";
    for (String what : new String[] {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      temporary += "  %s_temp_path %s/%s;\n".formatted(what, folder, what);
    }
    return Files.writeString(
        folder.resolve("nginx.conf"),
        "daemon off;\npid %s/nginx.pid;\nerror_log stderr;\nevents { worker_connections 8192; }\nhttp {\n  access_log off;\n%s%s}\n"
            .formatted(folder, temporary, site));
  }

  private static Path configureHaproxy(int node, Path pem) throws IOException {
    Path folder = Files.createDirectories(Path.of("target/haproxy").toAbsolutePath());
    return Files.writeString(
        folder.resolve("haproxy.cfg"),
        Files.readString(Path.of("deploy/haproxy/haproxy.cfg"))
            .replace("maxconn 25000", "maxconn 500")
            .replace("bind :80\n", "bind 127.0.0.1:" + PORT + "\n")
            .replace("bind :443 ", "bind 127.0.0.1:" + TLS_PORT + " ")
            .replace("/etc/haproxy/switchboard.pem", pem.toString())
            .replace("127.0.0.1:8080 check", "127.0.0.1:" + node + " check")
            .replace("# server node2 10.0.0.2:8080", "server node2 127.0.0.1:" + SECOND_NODE));
  }

  private Process run() throws IOException {
    ProcessBuilder builder =
        kind == Kind.NGINX
            ? new ProcessBuilder("nginx", "-e", "stderr", "-c", configuration.toString())
            : new ProcessBuilder("haproxy", "-W", "-f", configuration.toString());
    return builder.redirectErrorStream(true).redirectOutput(log().toFile()).start();
  }

  private Path log() {
    return Path.of("target", kind.program() + ".log");
  }

  private static boolean listens() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", TLS_PORT), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** As {@code systemctl reload} does it. */
  public void reload() throws IOException, InterruptedException {
    String signal = kind == Kind.NGINX ? "HUP" : "USR2";
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  /** How many of the messages came by the second node. */
  public int postsToSecondNode() {
    return relay.posts();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    if (relay != null) {
      relay.close();
    }
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    ServerTest.await(kind + " is gone", () -> !listens());
  }
}
