package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import switchboard.container.TyrusConnection;
import switchboard.testing.RawSocket;
import switchboard.testing.ServerTest;
import switchboard.testing.WebSocketReader;

/**
 * Connections that come and go at once, in every way. Payara gave the objects of some of them back
 * twice, and another connection fell silent; see {@link TyrusConnection}.
 */
@Tag("adapters")
class WebSocketChurnIT extends ServerTest {

  private static final int THREADS = 8;
  private static final int ROUNDS = 15;
  private static final int READERS = 40;
  // RFC 6455 §5.5.1: close, masked with zeros, code 1000.
  private static final String CLOSE_FRAME = "\u0088\u0082\0\0\0\0\u0003\u00e8";

  /**
   * Undertow: where its own code writes the frames, a close frame of a client that meets the first
   * frame of the server stays unanswered in one of some hundred cases, and both frames unsent. Its
   * reading and its writing thread each add a frame, and neither wakes the other. Here a client
   * waits for that frame.
   */
  private static final boolean HEARS_BEFORE_IT_CLOSES =
      "wildfly".equals(System.getProperty("arquillian.launch"))
          && "false".equals(System.getenv("SWITCHBOARD_WEBSOCKET_FAST_PATH"));

  private interface Way {
    void go(RawSocket socket) throws IOException;
  }

  /** What a client does after its upgrade was agreed to. */
  private static final List<Way> WAYS =
      List.of(
          RawSocket::close,
          RawSocket::reset,
          socket -> socket.sendBytes(CLOSE_FRAME),
          socket -> {
            if (HEARS_BEFORE_IT_CLOSES) {
              socket.readUntil('}');
            }
            socket.sendBytes(CLOSE_FRAME);
            assertTrue(socket.readsUntilEnd(), "a closing handshake ends the connection");
          });

  private final AtomicInteger done = new AtomicInteger();

  @Test
  void connectionsThatComeAndGoInEveryWayDisturbNoOther() throws Exception {
    String channel = newChannel();
    List<WebSocketReader> readers = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> churns = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        churns.add(threads.submit(() -> churn(channel)));
      }
      // New ones all the while: it was they who got what had been given back twice.
      for (int i = 1; i <= READERS; i++) {
        int rounds = i * THREADS * ROUNDS / READERS;
        await("the others come and go", () -> done.get() >= rounds || allEnded(churns));
        readers.add(new WebSocketReader(http.channel(channel, ""), "-1"));
        http.append(channel, Integer.toString(i));
      }
      for (Future<?> churn : churns) {
        churn.get();
      }
      for (WebSocketReader reader : readers) {
        awaitHeard(reader);
      }
    } finally {
      threads.shutdownNow();
      readers.forEach(WebSocketReader::close);
    }
  }

  private static boolean allEnded(List<Future<?>> churns) {
    return churns.stream().allMatch(Future::isDone);
  }

  private static void awaitHeard(WebSocketReader reader) {
    List<String> all = IntStream.rangeClosed(1, READERS).mapToObj(Integer::toString).toList();
    try {
      await("a reader hears all", () -> reader.heard().size() >= READERS);
    } finally {
      assertEquals(all, reader.heard());
    }
  }

  private Void churn(String channel) throws IOException {
    for (int i = 0; i < ROUNDS; i++) {
      for (Way way : WAYS) {
        try (RawSocket socket = RawSocket.connect(http.root())) {
          socket.upgrade("/switchboard/channels/" + channel);
          way.go(socket);
        }
        // The server closes this one itself, as soon as it was opened.
        try (RawSocket socket = RawSocket.connect(http.root())) {
          socket.upgrade("/switchboard/channels/there-is-none");
          assertTrue(socket.readsUntilEnd(), "a channel that is not there ends the connection");
        }
      }
      done.incrementAndGet();
    }
    return null;
  }
}
