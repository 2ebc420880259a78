package switchboard.lab;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.publish.Publisher;

/**
 * Publishes numbered, stamped messages at a rate, all of one size.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class MessageSource {

  static final String CHANNEL = "lab";

  static final double MIN_RATE = 0.1;
  static final double MAX_RATE = 50;
  static final int MIN_BYTES = 80;
  static final int MAX_BYTES = 16_384;

  /** Maximum number of messages of one flood. */
  static final int MAX_FLOOD = 50_000;

  /** The size of a flood's messages. */
  static final int FLOOD_BYTES = 4_096;

  /**
   * Number of messages that the buffers of a browser and two operating systems may hold without a
   * reader.
   */
  static final int BUFFERED = 3_072;

  /** Duration of a flood, long enough that a fast reader keeps up. */
  static final Duration FLOOD_TIME = Duration.ofSeconds(3);

  private static final Logger LOG = Logger.getLogger(MessageSource.class.getName());
  private static final double NANOS_PER_SECOND = 1e9;
  private static final Duration FLOOD_PERIOD = Duration.ofMillis(50);
  private static final String BARE = "{'n':%s,'sent':%s,'pad':''}";

  private final Publisher publisher;
  private final ScheduledExecutorService scheduler;
  private final InstantSource clock;
  private final AtomicLong published = new AtomicLong();
  private @Nullable Future<?> running;
  private @Nullable Future<?> flooding;
  private int floodLeft;
  private double rate = 2;
  private volatile int sizeBytes = 128;

  MessageSource(Publisher publisher, ScheduledExecutorService scheduler, InstantSource clock) {
    this.publisher = publisher;
    this.scheduler = scheduler;
    this.clock = clock;
  }

  /** Sets the number of messages per second and their size. */
  synchronized void set(double ratePerSecond, int messageBytes) {
    stop();
    rate = ratePerSecond;
    sizeBytes = messageBytes;
    long periodNanos = (long) (NANOS_PER_SECOND / ratePerSecond);
    running = scheduler.scheduleAtFixedRate(this::publish, 0, periodNanos, TimeUnit.NANOSECONDS);
  }

  synchronized void start() {
    set(rate, sizeBytes);
  }

  synchronized void stop() {
    if (running != null) {
      running.cancel(false);
    }
  }

  synchronized void end() {
    stop();
    if (flooding != null) {
      flooding.cancel(false);
    }
  }

  // Numbered and appended under one lock, so that the numbers are in order also during a flood.
  private synchronized void publish() {
    publish(message(sizeBytes));
  }

  private void publish(JsonValue messages) {
    try {
      publisher.publish(CHANNEL, messages);
    } catch (RuntimeException e) {
      LOG.log(
          Level.FINE,
          e,
          () -> "channel \"" + CHANNEL + "\" – the lab's messages were not published");
    }
  }

  /** Appends this number of messages in a few seconds; one flood at a time. */
  synchronized void flood(int count) {
    if (flooding != null) {
      flooding.cancel(false);
    }
    floodLeft = count;
    int steps = (int) FLOOD_TIME.dividedBy(FLOOD_PERIOD);
    int step = (count + steps - 1) / steps;
    flooding =
        scheduler.scheduleAtFixedRate(
            () -> floodOn(step), 0, FLOOD_PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void floodOn(int step) {
    int now = Math.min(step, floodLeft);
    floodLeft -= now;
    if (floodLeft == 0 && flooding != null) {
      flooding.cancel(false);
    }
    if (now > 0) {
      JsonArrayBuilder messages = Json.createArrayBuilder();
      for (int i = 0; i < now; i++) {
        messages.add(message(FLOOD_BYTES));
      }
      publish(messages.build());
    }
  }

  // {"n":17,"sent":1764000000123.456,"pad":"…"}, filled up to its size.
  private JsonObject message(int bytes) {
    long n = published.incrementAndGet();
    BigDecimal sent = millis(clock.instant());
    int bare = BARE.formatted(n, sent).length();
    return Json.createObjectBuilder()
        .add("n", n)
        .add("sent", sent)
        .add("pad", "x".repeat(Math.max(0, bytes - bare)))
        .build();
  }

  /** Milliseconds since 1970 with three decimals; whole milliseconds are too coarse on loopback. */
  static BigDecimal millis(Instant instant) {
    return BigDecimal.valueOf(ChronoUnit.MICROS.between(Instant.EPOCH, instant), 3);
  }

  synchronized JsonObject toJson() {
    return Json.createObjectBuilder()
        .add("channel", CHANNEL)
        .add("rate", rate)
        .add("bytes", sizeBytes)
        .add("published", published.get())
        .build();
  }
}
