package switchboard.journey;

import java.util.ArrayList;
import java.util.List;

/**
 * What one client heard, checked as it comes: in order, nothing twice, every hole announced, and as
 * large as was announced.
 *
 * <p>A message is a number: the server's how-manieth life it is, times {@link #LIFE}, and which
 * message of that life.
 */
final class Journal {

  static final long LIFE = 1_000_000_000L;

  private final String who;
  private final List<String> violations = new ArrayList<>();
  private long last;
  private long announced;
  private boolean startsAnew;
  private boolean hasHeard;
  private long messages;
  private long trimmed;
  private long missed;
  private long resets;

  Journal(String who) {
    this.who = who;
  }

  /** A message, {@code gap:trimmed:n} or {@code gap:epoch}; anything else is only how it ended. */
  synchronized void note(String heard) {
    if (heard.startsWith("gap:trimmed:")) {
      trimmed++;
      long count = Long.parseLong(heard.substring("gap:trimmed:".length()));
      missed += count;
      announced += count;
    } else if (heard.equals("gap:epoch")) {
      resets++;
      startsAnew = true;
    } else if (heard.matches("\\d+")) {
      message(Long.parseLong(heard));
    }
  }

  private void message(long number) {
    messages++;
    boolean isNextLife = number / LIFE > last / LIFE;
    if (hasHeard && number <= last) {
      violations.add("%s heard %d after %d".formatted(who, number, last));
    } else if (hasHeard && isNextLife && !startsAnew) {
      violations.add("%s heard %d after %d, and no new life was told".formatted(who, number, last));
    } else if (hasHeard && !isNextLife && !startsAnew && number != last + 1 + announced) {
      violations.add(
          "%s heard %d after %d, and %d were said to be missing"
              .formatted(who, number, last, announced));
    }
    last = number;
    announced = 0;
    startsAnew = false;
    hasHeard = true;
  }

  synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  synchronized long last() {
    return last;
  }

  synchronized long messages() {
    return messages;
  }

  synchronized long trimmed() {
    return trimmed;
  }

  synchronized long missed() {
    return missed;
  }

  synchronized long resets() {
    return resets;
  }
}
