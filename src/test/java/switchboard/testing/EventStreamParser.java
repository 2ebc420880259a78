package switchboard.testing;

import java.util.function.LongConsumer;

/** Makes events of the lines of an event stream, as the WHATWG HTML standard says (§9.2.6). */
public final class EventStreamParser {

  /** Takes one event. */
  public interface Dispatch {
    void event(String type, String data, String id);
  }

  private final Dispatch dispatch;
  private final LongConsumer retryMillis;
  private final StringBuilder data = new StringBuilder();
  private String event = "message";
  private String id;

  /**
   * Nothing was read yet.
   *
   * @param id of an event before any that says its own
   * @param retryMillis is told how long to wait before coming again
   */
  public EventStreamParser(String id, Dispatch dispatch, LongConsumer retryMillis) {
    this.id = id;
    this.dispatch = dispatch;
    this.retryMillis = retryMillis;
  }

  /** The next line, without its end. */
  public void line(String line) {
    if (line.isEmpty()) {
      if (!data.isEmpty()) {
        dispatch.event(event, data.toString(), id);
      }
      event = "message";
      data.setLength(0);
    } else if (line.startsWith("event:")) {
      event = line.substring(6).strip();
    } else if (line.startsWith("id:")) {
      id = line.substring(3).strip();
    } else if (line.startsWith("retry:")) {
      retryMillis.accept(Long.parseLong(line.substring(6).strip()));
    } else if (line.startsWith("data:")) {
      data.append(line.substring(5));
    }
  }
}
