package switchboard.testing;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * The objects that are alive in the server's JVM, by class, after a full collection.
 *
 * @param counts how many there are of each class
 * @param bytes what all take together
 */
public record LiveObjects(Map<String, Long> counts, long bytes) {

  /** Of the server under test, wherever it runs. */
  public static LiveObjects ofServer() {
    long pid = ofServerProcess();
    return parse(pid == ProcessHandle.current().pid() ? histogram() : histogram(pid));
  }

  // Payara Embedded is this process. Others are started by it, and some of them by a program that
  // is over: these are known by the folder that they run from.
  private static long ofServerProcess() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("/java"))
        .map(ProcessHandle::pid)
        .findFirst()
        .or(LiveObjects::fromServerHome)
        .orElseGet(() -> ProcessHandle.current().pid());
  }

  private static Optional<Long> fromServerHome() {
    String home = System.getProperty("server.home", "");
    return home.isEmpty()
        ? Optional.empty()
        : jcmd("-l")
            .lines()
            .filter(line -> line.contains(home + "/"))
            .map(line -> Long.valueOf(line.replaceFirst(" .*", "")))
            .findFirst();
  }

  private static String histogram() {
    try {
      return (String)
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {new String[0]},
                  new String[] {String[].class.getName()});
    } catch (JMException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String histogram(long pid) {
    return jcmd(Long.toString(pid), "GC.class_histogram");
  }

  private static String jcmd(String... arguments) {
    try {
      List<String> command =
          new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/jcmd"));
      command.addAll(List.of(arguments));
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  // "   1:        12345       678901  java.lang.String (java.base@17)", and at the end a total
  private static LiveObjects parse(String histogram) {
    Map<String, Long> counts = new TreeMap<>();
    long bytes = 0;
    for (String line : histogram.split("\n")) {
      String[] parts = line.strip().split("\\s+");
      if (parts.length > 3 && parts[0].matches("\\d+:")) {
        // A lambda's class has an address in its name.
        counts.merge(parts[3].replaceAll("[/+].*", ""), Long.parseLong(parts[1]), Long::sum);
      } else if (parts[0].equals("Total")) {
        bytes = Long.parseLong(parts[2]);
      }
    }
    if (counts.isEmpty()) {
      throw new IllegalStateException(histogram);
    }
    return new LiveObjects(counts, bytes);
  }

  /** Of which classes of the application there are more than before, and how many. */
  public Map<String, Long> moreThan(LiveObjects before, long tolerated) {
    Map<String, Long> more = new TreeMap<>();
    counts.forEach(
        (name, count) -> {
          long grown = count - before.counts.getOrDefault(name, 0L);
          if (name.startsWith("switchboard.") && grown > tolerated) {
            more.put(name, grown);
          }
        });
    return more;
  }
}
