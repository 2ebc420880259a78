package switchboard.transport;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import switchboard.channel.Counters;
import switchboard.http.Exchange;
import switchboard.http.Guard;
import switchboard.http.HttpAnswer;
import switchboard.http.ResponseStream;

/** An exchange without a server: what a request says, and what it is answered. */
class MemoryExchange extends Exchange {

  private final String method;
  private final String path;
  private final String query;
  private final Guard guard;
  private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final List<HttpAnswer> answers = new ArrayList<>();
  private byte[] body = new byte[0];
  private Use late;
  private boolean isLate;
  private boolean isGone;
  private RuntimeException fault;
  private MemoryStream stream;
  private HttpAnswer failure;

  /** A request such as {@code GET /channels/c?offset=-1}. */
  MemoryExchange(String line, Guard guard, Counters counters) {
    super(counters);
    this.method = line.substring(0, line.indexOf(' '));
    String[] target = line.substring(line.indexOf(' ') + 1).split("\\?", 2);
    this.path = target[0];
    this.query = target.length == 1 ? null : target[1];
    this.guard = guard;
  }

  MemoryExchange with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  MemoryExchange body(String text) {
    body = text.getBytes(StandardCharsets.UTF_8);
    return this;
  }

  /** Its body comes when the test says so. */
  MemoryExchange bodyLater() {
    isLate = true;
    return this;
  }

  void bodyCame(String text) {
    use(late, text.getBytes(StandardCharsets.UTF_8), () -> {});
  }

  /** Its client goes before the answer. */
  MemoryExchange gone() {
    isGone = true;
    return this;
  }

  /** The server fails to write the answer. */
  MemoryExchange failingToWrite(RuntimeException why) {
    fault = why;
    return this;
  }

  /** The one answer; {@code null} before. */
  HttpAnswer answer() {
    if (answers.size() > 1) {
      throw new AssertionError("answered " + answers.size() + " times");
    }
    return answers.isEmpty() ? null : answers.get(0);
  }

  String text() {
    byte[] bytes = answer().body();
    return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
  }

  /** What it was answered instead, when writing failed. */
  HttpAnswer failure() {
    return failure;
  }

  /** The event stream that began. */
  MemoryStream stream() {
    return stream;
  }

  @Override
  public String method() {
    return method;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public String query() {
    return query;
  }

  @Override
  public String header(String name) {
    return headers.get(name);
  }

  @Override
  public String address() {
    return "192.0.2.1";
  }

  @Override
  public Guard guard() {
    return guard;
  }

  @Override
  public boolean isSecure() {
    return true;
  }

  @Override
  public String serverName() {
    return "example.com";
  }

  @Override
  public String origin() {
    return "https://example.com";
  }

  @Override
  public String root() {
    return "/switchboard/channels/";
  }

  @Override
  protected void suspend() {
    // nothing waits for it
  }

  @Override
  protected void read(Use use) {
    if (isLate) {
      hold();
      late = use;
    } else {
      use(use, body, () -> {});
    }
  }

  @Override
  protected void write(HttpAnswer answer) {
    if (fault != null) {
      throw fault;
    }
    if (!isGone) {
      answers.add(answer);
    }
  }

  @Override
  protected ResponseStream open(Map<String, String> headers) {
    if (fault != null) {
      throw fault;
    }
    stream = new MemoryStream(headers);
    return stream;
  }

  @Override
  protected void abort(HttpAnswer answer) {
    failure = answer;
  }
}
