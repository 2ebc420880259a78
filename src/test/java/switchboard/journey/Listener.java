package switchboard.journey;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Reader;

/**
 * A client to whom everything happens: its line is cut or stalls, it changes the transport, and the
 * server goes away. All that it carries from one connection to the next is its offset.
 */
final class Listener implements AutoCloseable {

  private static final long STEP_MILLIS = 50;

  private final Transport home;
  private final Line line;
  private final Journal journal;
  private final Random random;
  private final AtomicBoolean over = new AtomicBoolean();
  private final Thread thread;
  private volatile String offset = "-1";
  private volatile long connections;
  private volatile long cuts;
  private volatile long stalls;
  private volatile long hops;
  private volatile boolean isPeaceful;

  Listener(String who, Transport home, URI server, Random random) throws IOException {
    this.home = home;
    this.line = new Line(server);
    this.journal = new Journal(who);
    this.random = random;
    this.thread = new Thread(this::live, who);
    thread.setDaemon(true);
    thread.start();
  }

  private void live() {
    try {
      while (!over.get()) {
        Transport transport = home;
        if (!isPeaceful && random.nextInt(4) == 0) {
          transport = Transport.values()[random.nextInt(Transport.values().length)];
          hops++;
        }
        connections++;
        if (transport == Transport.POLL) {
          poll(20 + random.nextInt(40));
        } else {
          listen(transport);
        }
      }
    } catch (InterruptedException e) {
      // over
    }
  }

  private URI channel() {
    return line.client().resolve("channels/" + TortureIT.CHANNEL);
  }

  private void listen(Transport transport) throws InterruptedException {
    int known = 0;
    int quiet = 0;
    int lifetime = 20 + random.nextInt(160);
    int mishap = isPeaceful ? -1 : random.nextInt(3 * lifetime);
    Reader reader = open(transport);
    if (reader == null) {
      Thread.sleep(4 * STEP_MILLIS);
      return;
    }
    try {
      for (int step = 0; step < lifetime && !over.get() && quiet < 100; step++) {
        Thread.sleep(STEP_MILLIS);
        if (step == mishap) {
          mishap();
        }
        int before = known;
        known = take(reader, known);
        quiet = known == before ? quiet + 1 : 0;
        if (isAtItsEnd(reader.heard())) {
          break;
        }
      }
    } finally {
      reader.vanish(); // also when it is over: a reader that is left open answers pings for ever
    }
    take(reader, known); // what came until now; nothing of it may come again
    Thread.sleep(random.nextInt(4) * STEP_MILLIS); // a server that is away is not asked in a rage
  }

  private Reader open(Transport transport) {
    try {
      return Reader.of(transport, channel(), offset);
    } catch (RuntimeException e) {
      return null; // refused, cut, or the server is not there
    }
  }

  private int take(Reader reader, int known) {
    Reader.SoFar soFar = reader.soFar();
    soFar.heard().subList(known, soFar.heard().size()).forEach(journal::note);
    offset = soFar.offset();
    return soFar.heard().size();
  }

  private static boolean isAtItsEnd(List<String> heard) {
    return !heard.isEmpty() && !heard.get(heard.size() - 1).matches("\\d+|gap:.*");
  }

  private void mishap() throws InterruptedException {
    try {
      if (random.nextBoolean()) {
        cuts++;
        line.cut();
      } else {
        stalls++;
        line.stall(true);
        Thread.sleep(500 + random.nextInt(8_000));
        line.stall(false);
      }
    } catch (IOException e) {
      // cut in the midst of being cut
    }
  }

  private void poll(int times) throws InterruptedException {
    Http http = new Http(line.client());
    for (int i = 0; i < times && !over.get(); i++) {
      try {
        hear(http.get("channels/" + TortureIT.CHANNEL + "?offset=" + offset));
      } catch (RuntimeException e) {
        // cut, or the server is not there: ask again
      }
      Thread.sleep(4 * STEP_MILLIS);
    }
  }

  private void hear(Http.Answer answer) {
    if (answer.status() == 200) {
      answer.messages().forEach(message -> journal.note(message.toString()));
      offset = answer.next();
    } else if (answer.status() == 410) {
      journal.note(Reader.gap(answer.problem().getJsonObject("reset")));
      offset = answer.next();
    }
  }

  /** Nothing more happens to it: it only listens. */
  void leaveInPeace() {
    isPeaceful = true;
    line.stall(false);
  }

  Journal journal() {
    return journal;
  }

  Transport home() {
    return home;
  }

  long connections() {
    return connections;
  }

  long cuts() {
    return cuts;
  }

  long stalls() {
    return stalls;
  }

  long hops() {
    return hops;
  }

  @Override
  public void close() throws IOException {
    over.set(true);
    thread.interrupt();
    line.close();
  }
}
