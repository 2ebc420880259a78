package switchboard.log;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The messages after an offset, up to the end of the log or of a page.
 *
 * <p>The log hands the <em>same</em> batch to all readers at the same offset, and the batch keeps
 * what each {@linkplain #encoded encoding} made of it. So a message is encoded once per encoding,
 * however many clients receive it.
 *
 * <p><b>Threads.</b> Safe; the messages must not be written to.
 *
 * <p><b>Cost.</b> One array of references per batch (8 bytes a message), one encoded copy per
 * encoding in use, for as long as it is being written or the log caches it.
 */
public final class Batch implements Reading {

  /** Turns a batch into what a transport writes; equal encodings share the result. */
  public interface Encoding<T> {
    T encode(Batch batch);
  }

  /** A client can ask for new ones without end, with the cursor that it sends. */
  private static final int MAX_ENCODINGS = 8;

  private final Offset from;
  private final Offset next;
  private final List<byte[]> messages;
  private final boolean more;
  private final boolean closed;
  private final Map<Encoding<?>, Object> encoded = new ConcurrentHashMap<>(4);

  /**
   * What a log has after an offset.
   *
   * @param more the page ended before the log did
   * @param closed it reaches the end of a closed log
   */
  public Batch(Offset from, Offset next, List<byte[]> messages, boolean more, boolean closed) {
    this.from = from;
    this.next = next;
    this.messages = messages;
    this.more = more;
    this.closed = closed;
  }

  /** The offset that was read from. */
  public Offset from() {
    return from;
  }

  /** Where to read on. */
  public Offset next() {
    return next;
  }

  /** At least one message, in log order; each the bytes that were appended. */
  public List<byte[]> messages() {
    return messages;
  }

  /** The page ended before the log did: more can be read at once. */
  public boolean more() {
    return more;
  }

  /** The batch reaches the end of a closed log: nothing will ever come after it. */
  public boolean closed() {
    return closed;
  }

  /** All messages' bytes together. */
  public int sizeBytes() {
    int size = 0;
    for (byte[] message : messages) {
      size += message.length;
    }
    return size;
  }

  /**
   * This batch in an encoding: encoded at the first call, the same object afterwards. A batch that
   * was encoded in many ways already is encoded at each call.
   */
  @SuppressWarnings("unchecked")
  public <T> T encoded(Encoding<T> encoding) {
    Object known = encoded.get(encoding);
    if (known == null && encoded.size() >= MAX_ENCODINGS) {
      return encoding.encode(this);
    }
    if (known == null) {
      known = encoded.computeIfAbsent(encoding, e -> e.encode(this));
    }
    return (T) known;
  }
}
