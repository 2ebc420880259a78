package switchboard.timer;

import java.lang.management.ManagementFactory;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What the server's own process uses.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Process {

  private static final Logger LOG = Logger.getLogger(Process.class.getName());
  private static final long NANOS_PER_MILLI = 1_000_000;

  private Process() {}

  /** Processor time since its start, of all its threads; -1 where the JVM does not say. */
  public static long cpuMillis() {
    try {
      // By name: com.sun.management is hidden from applications on some servers.
      Object nanos =
          ManagementFactory.getPlatformMBeanServer()
              .getAttribute(
                  new ObjectName(ManagementFactory.OPERATING_SYSTEM_MXBEAN_NAME), "ProcessCpuTime");
      return (long) nanos / NANOS_PER_MILLI;
    } catch (JMException | RuntimeException e) {
      LOG.log(Level.FINE, "this JVM does not report its CPU time", e);
      return -1;
    }
  }

  /** Heap in use, with what the next collection will free. */
  public static long heapUsedBytes() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
