package switchboard.journey;

import java.util.List;

/** Somebody went or came, at a time of {@link System#nanoTime}. */
record Step(Wanderer who, long nanos, String why) {

  private static long[] nanos(List<Step> steps) {
    return steps.stream().mapToLong(Step::nanos).sorted().toArray();
  }

  static double seconds(List<Step> steps) {
    long[] times = nanos(steps);
    return times.length == 0 ? 0 : (times[times.length - 1] - times[0]) / 1e9;
  }

  /** How many at most fell into that time, wherever it begins. */
  static int mostWithin(double seconds, List<Step> steps) {
    long[] times = nanos(steps);
    int most = 0;
    for (int first = 0, last = 0; last < times.length; last++) {
      while (times[last] - times[first] > seconds * 1e9) {
        first++;
      }
      most = Math.max(most, last - first + 1);
    }
    return most;
  }
}
