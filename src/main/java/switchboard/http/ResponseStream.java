package switchboard.http;

import java.io.IOException;

/**
 * The output of an answer that goes on until one side ends it. An adapter makes one from its API;
 * what is written is decided by others. Nothing waits for the client.
 *
 * <p><b>Threads.</b> Writes one at a time; the end at any time, by any thread.
 */
public interface ResponseStream {

  /** Is told of the client and the server; by any thread, also during a write. */
  interface Listener {

    /** More may be written. */
    void writable();

    /** The client disconnected. */
    void broke(Throwable cause);

    /** The request has ended, by whomever. */
    void ended();
  }

  /** Begins. The listener is told when the first bytes may be written. */
  void start(Listener listener);

  /** Whether bytes may be written now; if not, the listener is told later. */
  boolean isReady();

  /** Writes all of it, after {@link #isReady}. */
  void write(byte[] bytes) throws IOException;

  /** Sends what is written, after {@link #isReady}. */
  void flush() throws IOException;

  /** Ends the answer; it may have ended already. */
  void complete();

  /** Ends the answer and the connection under it. */
  void disconnect();
}
