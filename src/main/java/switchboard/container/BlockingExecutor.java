package switchboard.container;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads of the server for tasks that may have to wait for a client. It is not the server's
 * managed executor: for each task, Payara's searches the class loaders and their archives for
 * providers of context, which was nearly a fifth of the cost of a long poll. A thread of the
 * server's factory keeps the application's context.
 *
 * <p>They are not virtual, though servers of Jakarta EE 11 and JDK 21 have such threads. Handing
 * over 300 tasks at once cost 7.1 to 7.8 µs of CPU a task with this pool and 7.0 to 7.9 µs with a
 * virtual thread for each (JDK 25, five rounds, a busy machine), work of the task included. Nor
 * would more threads help: bodies and responses are read and written without blocking, requests to
 * Redis wait for one of its 16 connections, and large bodies must be few.
 */
public final class BlockingExecutor {

  private static final int MOST = 32;
  private static final long IDLE_SECONDS = 60;

  private final ThreadPoolExecutor executor;
  private final ThreadPoolExecutor forLargeBodies;

  private BlockingExecutor(ThreadFactory factory) {
    this.executor = pool(MOST, factory);
    this.forLargeBodies = pool(Math.max(2, Runtime.getRuntime().availableProcessors()), factory);
  }

  /** As many as there is work for, up to a bound; they end when they have none. */
  public static BlockingExecutor of(ThreadFactory factory) {
    return new BlockingExecutor(factory);
  }

  private static ThreadPoolExecutor pool(int most, ThreadFactory factory) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            most, most, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  public Executor executor() {
    return executor;
  }

  /**
   * Few, since the bodies wait for memory and processors: nothing else must wait for them, neither
   * small bodies nor held requests.
   */
  public Executor forLargeBodies() {
    return forLargeBodies;
  }

  /** Does what waits, and takes nothing more. */
  public void shutdown() {
    executor.shutdown();
    forLargeBodies.shutdown();
  }
}
