package switchboard.config;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The URL of Redis or Valkey: {@code redis://user:password@host:port/database}, {@code rediss://…}
 * over TLS, {@code redis-sentinel://user:password@host:port,host:port/database#name} for the master
 * that Sentinels report, {@code redis-cluster://user:password@host:port,host:port} for a Redis
 * Cluster, or {@code rediss-cluster://…} for one over TLS. {@link #toString()} hides the password.
 *
 * @param hosts the server, the Sentinels, or some servers of the cluster
 * @param master the name of the master in Sentinel; {@code null} without Sentinels
 */
public record RedisUrl(
    String scheme,
    @Nullable String user,
    @Nullable String password,
    List<Host> hosts,
    int database,
    String master)
    implements StoreUrl {

  /** A server's address. */
  public record Host(String name, int port) {
    @Override
    public String toString() {
      return name + ":" + port;
    }
  }

  private static final Pattern URL =
      Pattern.compile(
          "(rediss?|redis-sentinel|rediss?-cluster)://(?:([^:@/]*):([^@/]*)@)?([^/#?@]+)(?:/(\\d{0,3}))?(?:#([\\w.-]+))?");
  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[\\w.-]+)(?::(\\d{1,5}))?");

  /**
   * Parses a URL.
   *
   * @throws IllegalArgumentException if it is none of these forms
   */
  public static RedisUrl parse(String text) {
    Matcher url = URL.matcher(text);
    if (!url.matches()) {
      throw malformed();
    }
    boolean isSentinel = url.group(1).equals("redis-sentinel");
    List<Host> hosts = new ArrayList<>();
    for (String host : url.group(4).split(",", -1)) {
      hosts.add(host(host, isSentinel ? 26_379 : 6_379));
    }
    boolean isCluster = url.group(1).endsWith("-cluster");
    String database = url.group(5);
    boolean hasOne = !isSentinel && !isCluster;
    if (isSentinel == (url.group(6) == null)
        || (hasOne && hosts.size() > 1)
        || (isCluster && database != null && !database.isEmpty())) {
      throw malformed();
    }
    return new RedisUrl(
        url.group(1),
        decoded(url.group(2)),
        decoded(url.group(3)),
        List.copyOf(hosts),
        database == null || database.isEmpty() ? 0 : Integer.parseInt(database),
        url.group(6));
  }

  private static Host host(String written, int usualPort) {
    Matcher host = HOST.matcher(written);
    if (!host.matches()) {
      throw malformed();
    }
    int port = host.group(2) == null ? usualPort : Integer.parseInt(host.group(2));
    if (port < 1 || port > 65_535) {
      throw malformed();
    }
    return new Host(host.group(1), port);
  }

  private static @Nullable String decoded(String part) {
    return part == null || part.isEmpty() ? null : URLDecoder.decode(part, StandardCharsets.UTF_8);
  }

  private static IllegalArgumentException malformed() {
    return new IllegalArgumentException(
        "not redis://user:password@host:port/database, rediss://…,"
            + " redis-sentinel://user:password@host:port,host:port/database#master or"
            + " redis-cluster://user:password@host:port,host:port (rediss-cluster://… for TLS)");
  }

  /** Whether it uses TLS. */
  public boolean isSecure() {
    return scheme.startsWith("rediss");
  }

  /** Whether it is a Redis Cluster. */
  public boolean isCluster() {
    return scheme.endsWith("-cluster");
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(scheme).append("://");
    if (password != null) {
      text.append(user == null ? "" : user).append(":***@");
    }
    text.append(String.join(",", hosts.stream().map(Host::toString).toList()));
    if (!isCluster()) {
      text.append('/').append(database);
    }
    return master == null ? text.toString() : text.append('#').append(master).toString();
  }
}
