package switchboard.http;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request says, and what {@link RequestGate} learned about it. An adapter makes one from a
 * request of its API; it reports what was received and decides nothing.
 *
 * <p><b>Threads.</b> The request's own. What the gate learned may be read by any thread afterwards.
 */
public abstract class Request {

  private final String base;
  private @Nullable String path;
  private @Nullable Hop sent;
  private boolean hasUselessContentType;
  private @Nullable ClientPrincipal client;

  /**
   * For an adapter.
   *
   * @param base what the paths of Switchboard begin with, below the context path; empty in the WAR
   */
  protected Request(String base) {
    this.base = base;
  }

  // What was received.

  public abstract String method();

  /** {@code HTTP/1.1}. */
  public abstract String protocol();

  /** The whole path as it was sent, with its escapes. */
  protected abstract String uri();

  /** What the paths of the application begin with. */
  protected abstract String contextPath();

  /** As it was sent; {@code null} where there is none. */
  public abstract @Nullable String query();

  /** The lines of a header; empty if it is missing. */
  public abstract List<String> headers(String name);

  protected abstract Collection<String> headerNames();

  /** What the headers say of the length of the body; -1 for nothing. */
  public abstract long contentLength();

  /** From where it was received. */
  protected abstract Hop received();

  // The container's own login.

  /** The name of the user whom the container has identified; {@code null} for nobody. */
  protected abstract @Nullable String login();

  protected abstract boolean isInRole(String role);

  /** Whether the request has credentials that the container took, as a browser sends them. */
  protected abstract boolean hasLogin();

  // The connection.

  /** Bytes of earlier responses that the client has not read and the server keeps. */
  protected abstract int unreadBytes();

  /** Whether the server would wait for the rest of a body; what has arrived of it is discarded. */
  protected abstract boolean hasUnreadBody();

  /** Ends the connection. */
  protected abstract void disconnect();

  // What follows from it.

  /** A header by its name; several lines are joined by commas, as they mean (RFC 9110 §5.3). */
  public final @Nullable String header(String name) {
    if (hasUselessContentType && name.equalsIgnoreCase("Content-Type")) {
      return null;
    }
    List<String> lines = headers(name);
    return lines.isEmpty() ? null : String.join(", ", lines);
  }

  /**
   * The path below the application's and ours, in its only spelling: {@code /channels/prices}.
   *
   * @throws Problem for another spelling
   */
  public final String path() {
    if (path == null) {
      path = RequestPath.require(this);
    }
    return path;
  }

  /** The channel's name in the path; empty for several channels, which are in the query. */
  public final String channel() {
    return RequestPath.channel(path());
  }

  final String base() {
    return base;
  }

  /** What the paths of all channels begin with: {@code /switchboard/channels/}. */
  public final String root() {
    return RequestPath.context(this) + base + RequestPath.CHANNELS;
  }

  /** As it was sent to the first proxy that is trusted. */
  final Hop sent() {
    if (sent == null) {
      sent = received();
    }
    return sent;
  }

  /** The client's address, as the last proxy that is trusted tells it. */
  public final String address() {
    return sent().address();
  }

  /** Whether the client came over TLS, to this server or to the first proxy. */
  public final boolean isSecure() {
    return sent().isSecure();
  }

  /** By which name the client asked for the server, without a port. */
  public final String serverName() {
    return sent().serverName();
  }

  /** What absolute URLs begin with, as the client knows the server: {@code https://example.com}. */
  public final String origin() {
    return sent().origin();
  }

  /** The client. */
  public final Guard guard() {
    if (client == null) {
      throw new IllegalStateException(uri() + ": the client was not identified");
    }
    return client.require();
  }

  /** The same as the principal of a WebSocket. */
  public final @Nullable ClientPrincipal client() {
    return client;
  }

  // What the gate learned.

  final void believe(Hop first) {
    sent = first;
  }

  final void ignoreContentType() {
    hasUselessContentType = true;
  }

  final void identify(ClientPrincipal identified) {
    client = identified;
  }
}
