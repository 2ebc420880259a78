package switchboard.metrics;

import java.lang.management.ManagementFactory;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * The resource use of the server's process.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class ProcessUsage {

  private static final Logger LOG = Logger.getLogger(ProcessUsage.class.getName());
  private static final long NANOS_PER_MILLI = 1_000_000;

  private ProcessUsage() {}

  /** CPU time of all threads since the start; -1 if the JVM does not report it. */
  public static long cpuMillis() {
    try {
      // By name, because some servers hide com.sun.management from applications.
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

  /** Heap in use, including garbage that the next collection frees. */
  public static long heapUsedBytes() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
