package switchboard.testing;

/** What {@code /metrics} says. */
public final class Metrics {

  private Metrics() {}

  /** A number by its name with its labels; by its name alone, the sum over all labels. */
  public static double read(Http http, String name) {
    return http.get("metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .reduce(Double::sum)
        .orElseThrow(() -> new AssertionError("no metric " + name));
  }

  /**
   * How often a request or connection ended in a way, by its name in {@code
   * docs/reference/endings.md}.
   */
  public static double endings(Http http, String ending) {
    return read(http, "switchboard_endings_total{ending=\"" + ending + "\"}");
  }
}
