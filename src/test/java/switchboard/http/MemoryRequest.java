package switchboard.http;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A request without a server: {@code https://example.com/switchboard/channels/c} from {@code
 * 192.0.2.1}, unless a test says otherwise.
 */
public final class MemoryRequest extends Request {

  private static final String CONTEXT = "/switchboard";

  private final String method;
  private final String path;
  private final String query;
  private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private String protocol = "HTTP/1.1";
  private String address = "192.0.2.1";
  private String scheme = "https";
  private String serverName = "example.com";
  private int serverPort = 443;
  private String url = "https://example.com/";
  private String login;
  private Set<String> roles = Set.of();
  private long contentLength = -1;
  private int unreadBytes;
  private boolean hasUnreadBody;
  private boolean isDisconnected;

  /** A request such as {@code GET /channels/c?offset=-1}. */
  public MemoryRequest(String line) {
    this(line, "");
  }

  MemoryRequest(String line, String base) {
    super(base);
    this.method = line.substring(0, line.indexOf(' '));
    String[] target = line.substring(line.indexOf(' ') + 1).split("\\?", 2);
    this.path = target[0];
    this.query = target.length == 1 ? null : target[1];
  }

  /** Adds a line to a header. */
  public MemoryRequest with(String header, String value) {
    headers.computeIfAbsent(header, name -> new ArrayList<>()).add(value);
    return this;
  }

  /** The gate has admitted this client. */
  public MemoryRequest by(Guard guard) {
    identify(new ClientPrincipal(address(), channel(), guard, null));
    return this;
  }

  MemoryRequest from(String client) {
    address = client;
    return this;
  }

  /** To a server that is known by another URL. */
  MemoryRequest to(String toScheme, String toName, int toPort) {
    scheme = toScheme;
    serverName = toName;
    serverPort = toPort;
    return at(toScheme + "://" + toName + ":" + toPort + "/");
  }

  /** The whole URL is another one. */
  MemoryRequest at(String wholeUrl) {
    url = wholeUrl;
    return this;
  }

  MemoryRequest by(String protocolVersion) {
    protocol = protocolVersion;
    return this;
  }

  MemoryRequest loggedInAs(String user, String... has) {
    login = user;
    roles = Set.of(has);
    return this;
  }

  MemoryRequest withContentLength(long bytes) {
    contentLength = bytes;
    return this;
  }

  /** Its client has not read so many bytes of earlier responses. */
  MemoryRequest afterUnread(int bytes) {
    unreadBytes = bytes;
    return this;
  }

  /** Its body has not arrived. */
  MemoryRequest withUnreadBody() {
    hasUnreadBody = true;
    return this;
  }

  boolean isDisconnected() {
    return isDisconnected;
  }

  @Override
  public String method() {
    return method;
  }

  @Override
  public String protocol() {
    return protocol;
  }

  @Override
  protected String uri() {
    return CONTEXT + path;
  }

  @Override
  protected String contextPath() {
    return CONTEXT;
  }

  @Override
  public String query() {
    return query;
  }

  @Override
  public List<String> headers(String name) {
    return headers.getOrDefault(name, List.of());
  }

  @Override
  protected Collection<String> headerNames() {
    return headers.keySet();
  }

  @Override
  public long contentLength() {
    return contentLength;
  }

  @Override
  protected Hop received() {
    String host = header("Host");
    return Hop.received(address, scheme, host, serverName, serverPort, url);
  }

  @Override
  protected String login() {
    return login;
  }

  @Override
  protected boolean isInRole(String role) {
    return roles.contains(role);
  }

  @Override
  protected boolean hasLogin() {
    return login != null;
  }

  @Override
  protected int unreadBytes() {
    return unreadBytes;
  }

  @Override
  protected boolean hasUnreadBody() {
    return hasUnreadBody;
  }

  @Override
  protected void disconnect() {
    isDisconnected = true;
  }
}
