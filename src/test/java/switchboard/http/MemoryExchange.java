package switchboard.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import switchboard.channel.Counters;

/** An exchange without a server: what a request says, and what it is answered. */
public class MemoryExchange extends Exchange {

  private final MemoryRequest request;
  private final Map<String, String> set = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final List<HttpAnswer> answers = new ArrayList<>();
  private byte[] body = new byte[0];
  private Use late;
  private boolean isLate;
  private boolean isGone;
  private RuntimeException fault;
  private MemoryStream stream;
  private HttpAnswer failure;

  /** A request such as {@code GET /channels/c?offset=-1}, which the gate has admitted. */
  public MemoryExchange(String line, Guard guard, Counters counters) {
    this(new MemoryRequest(line), counters);
    try {
      request.by(guard);
    } catch (Problem problem) {
      // its path is none, and nobody asks for the client
    }
  }

  /** One for the gate. */
  MemoryExchange(MemoryRequest request, Counters counters) {
    super(request, counters);
    this.request = request;
  }

  public MemoryExchange with(String header, String value) {
    request.with(header, value);
    return this;
  }

  /** The headers that every answer gets. */
  Map<String, String> set() {
    return set;
  }

  public MemoryExchange body(String text) {
    body = text.getBytes(StandardCharsets.UTF_8);
    return this;
  }

  /** Its body comes when the test says so. */
  public MemoryExchange bodyLater() {
    isLate = true;
    return this;
  }

  public void bodyCame(String text) {
    use(late, text.getBytes(StandardCharsets.UTF_8), () -> {});
  }

  /** Its client goes before the answer. */
  public MemoryExchange gone() {
    isGone = true;
    return this;
  }

  /** The server fails to write the answer. */
  public MemoryExchange failingToWrite(RuntimeException why) {
    fault = why;
    return this;
  }

  /** The one answer; {@code null} before. */
  public HttpAnswer answer() {
    if (answers.size() > 1) {
      throw new AssertionError("answered " + answers.size() + " times");
    }
    return answers.isEmpty() ? null : answers.get(0);
  }

  public String text() {
    byte[] bytes = answer().body();
    return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
  }

  /** What it was answered instead, when writing failed. */
  public HttpAnswer failure() {
    return failure;
  }

  /** The event stream that began. */
  public MemoryStream stream() {
    return stream;
  }

  @Override
  public void setHeader(String name, String value) {
    set.put(name, value);
  }

  @Override
  public void addHeader(String name, String value) {
    set.merge(name, value, (before, added) -> before + ", " + added);
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
