package switchboard.transport;

import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.testing.Http;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.RawSocket;
import switchboard.testing.ServerTest;

/** After a start clients are let in by and by; the others are told when to come. */
@ExtendWith(ArquillianExtension.class)
class AdmissionIT {

  private static final int PER_SECOND = 10;
  private static final int CLIENTS = 40;

  private final Http http = new Http(Ports.SWITCHBOARD);
  private final List<RawSocket> letIn = new ArrayList<>();
  private final List<Long> told = new ArrayList<>();

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.war(
        Map.of("startup.max-connections-per-second", PER_SECOND, "startup.ramp-duration", "PT10M"));
  }

  @Test
  void soManyASecondAreLetInAndTheOthersAreToldWhenToCome() throws Exception {
    assertEquals(201, http.put("news", "application/json").statusCode());
    ConcurrentLinkedQueue<Integer> due = new ConcurrentLinkedQueue<>();
    long start = System.nanoTime();
    try {
      for (int i = 0; i < CLIENTS; i++) {
        come(due);
      }
      assertTrue(told.size() >= CLIENTS / 4, "most are told to come later: " + told);
      assertTrue(
          told.stream().distinct().count() > told.size() / 2, "not all at once again: " + told);
      // A poll holds nothing, and is answered.
      assertEquals(200, http.get("channels/news?offset=-1").status());
      refusedAreOthersToo();
      with()
          .dontCatchUncaughtExceptions()
          .await("all who come when they were told are let in")
          .atMost(Duration.ofSeconds(60))
          .until(() -> comeAgain(due));
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf("%d were let in in %.1f s, %d times told%n", CLIENTS, seconds, told.size());
      assertTrue(
          CLIENTS <= PER_SECOND * (seconds + 1) + 1, CLIENTS + " were let in in " + seconds + " s");
      assertTrue(Metrics.endings(http, "warming-up") >= told.size());
    } finally {
      for (RawSocket socket : letIn) {
        socket.reset();
      }
    }
  }

  /** An event stream that is let in, or is due again when it was told. */
  private void come(ConcurrentLinkedQueue<Integer> due) throws IOException {
    RawSocket socket = RawSocket.connect(http.root());
    socket.send(
        "GET /switchboard/channels/news?offset=now&live=sse HTTP/1.1\r\nHost: localhost\r\n"
            + "Connection: close\r\n\r\n");
    String status = socket.readLine();
    if (status.contains(" 200 ")) {
      letIn.add(socket);
      return;
    }
    String answer = socket.readLines().toString();
    socket.close();
    assertTrue(status.contains(" 503 "), status);
    assertTrue(answer.contains("Retry-After: "), answer);
    assertTrue(answer.contains("urn:switchboard:problem:warming-up"), answer);
    long millis = Long.parseLong(answer.replaceAll("(?s).*retryAfterMillis\":(\\d+).*", "$1"));
    told.add(millis);
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(() -> due.add(1));
  }

  private boolean comeAgain(ConcurrentLinkedQueue<Integer> due) throws IOException {
    while (due.poll() != null) {
      come(due);
    }
    return letIn.size() == CLIENTS;
  }

  private void refusedAreOthersToo() throws IOException {
    List<String> statuses = new ArrayList<>();
    List<RawSocket> polls = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      RawSocket poll = RawSocket.connect(http.root());
      polls.add(poll);
      poll.send(
          "GET /switchboard/channels/news?offset=now&live=long-poll HTTP/1.1\r\n"
              + "Host: localhost\r\nPrefer: wait=1\r\n\r\n");
    }
    for (RawSocket poll : polls) {
      statuses.add(poll.readLine());
      poll.close();
    }
    assertTrue(statuses.toString().contains(" 503 "), "long polls: " + statuses);
    IOException refusal =
        assertThrows(
            IOException.class,
            () -> {
              for (int i = 0; i < 1_000; i++) {
                try (RawSocket socket = RawSocket.connect(http.root())) {
                  socket.upgrade("/switchboard/channels/news?offset=now");
                }
              }
            },
            "WebSockets");
    assertTrue(refusal.getMessage().contains(" 503 "), refusal.getMessage());
  }
}
