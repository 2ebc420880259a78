package switchboard.lab;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The crowd's HTTP client. It has its own threads, so that its CPU time can be subtracted from the
 * server's.
 *
 * <p><b>Threads.</b> Safe.
 */
final class CrowdClient implements AutoCloseable {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int WORKERS = 2;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Set<Long> own = ConcurrentHashMap.newKeySet();
  private final ScheduledThreadPoolExecutor workers;
  private final HttpClient http;

  CrowdClient(ThreadFactory factory) {
    workers = new ScheduledThreadPoolExecutor(WORKERS, task -> owned(factory.newThread(task)));
    workers.prestartAllCoreThreads();
    Set<Long> before = httpThreads();
    http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .executor(workers)
            .build();
    // The selector thread, which the client starts itself.
    Set<Long> started = httpThreads();
    started.removeAll(before);
    own.addAll(started);
  }

  private Thread owned(Thread thread) {
    own.add(thread.getId());
    return thread;
  }

  private static Set<Long> httpThreads() {
    Set<Long> ids = new HashSet<>();
    Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
        .filter(info -> info != null && info.getThreadName().startsWith("HttpClient-"))
        .map(ThreadInfo::getThreadId)
        .forEach(ids::add);
    return ids;
  }

  HttpClient http() {
    return http;
  }

  void after(Duration pause, Runnable task) {
    try {
      var unused = workers.schedule(task, pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // closed: the time is no longer needed
    }
  }

  /** The CPU time of its threads. */
  long cpuMillis() {
    long nanos = own.stream().mapToLong(THREADS::getThreadCpuTime).filter(n -> n > 0).sum();
    return nanos / NANOS_PER_MILLI;
  }

  @Override
  public void close() {
    workers.shutdown();
  }
}
