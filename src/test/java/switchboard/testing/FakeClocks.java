package switchboard.testing;

import java.time.Duration;
import java.time.Instant;
import switchboard.time.Clocks;

/** Clocks that show what a test says: the date and time by itself, the others together. */
public final class FakeClocks {

  private volatile Instant wall;
  private volatile long elapsedMillis = 1_000_000;

  public FakeClocks() {
    this(Instant.parse("2026-01-01T00:00:00Z"));
  }

  public FakeClocks(Instant wall) {
    this.wall = wall;
  }

  /** To be given to what is tested. */
  public Clocks clocks() {
    return new Clocks(() -> wall, () -> elapsedMillis, () -> elapsedMillis);
  }

  /** Time passes. */
  public void pass(Duration time) {
    elapsedMillis += time.toMillis();
    wall = wall.plus(time);
  }

  public void passMillis(long millis) {
    pass(Duration.ofMillis(millis));
  }

  /** Somebody sets the wall clock, forward or back; no time passes. */
  public void setWall(Duration by) {
    wall = wall.plus(by);
  }

  public Instant wall() {
    return wall;
  }

  public long elapsedMillis() {
    return elapsedMillis;
  }
}
