package switchboard.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import switchboard.channel.Channels.Refused;

/**
 * Compares the ends of many copies with those of their logs in Redis, in one round trip for up to
 * 512 logs of one master; only those that differ are read again.
 *
 * <p><b>Threads.</b> Safe. {@link #add} does not wait; a worker asks Redis.
 */
final class HeadReconciler {

  private static final int BATCH = 512;

  private final RedisClient link;
  private final Scripts scripts;
  private final Predicate<Runnable> workers;
  private final Queue<MirroredLog> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean isStarted = new AtomicBoolean();

  HeadReconciler(RedisClient link, Scripts scripts, Predicate<Runnable> workers) {
    this.link = link;
    this.scripts = scripts;
    this.workers = workers;
  }

  /** A worker will compare it, together with others. */
  void add(MirroredLog log) {
    waiting.add(log);
    if (isStarted.compareAndSet(false, true) && !workers.test(this::compareAll)) {
      isStarted.set(false);
    }
  }

  private void compareAll() {
    isStarted.set(false); // first: what is added from now on starts another run
    List<MirroredLog> batch = new ArrayList<>();
    for (MirroredLog log = waiting.poll(); log != null; log = waiting.poll()) {
      batch.add(log);
      if (batch.size() == BATCH) {
        compareBatch(batch);
        batch.clear();
      }
    }
    compareBatch(batch);
  }

  private void compareBatch(List<MirroredLog> batch) {
    batch.stream()
        .collect(Collectors.groupingBy(log -> link.master(scripts.key(log.name()))))
        .values()
        .forEach(this::compareAtOneMaster);
  }

  private void compareAtOneMaster(List<MirroredLog> batch) {
    try {
      List<Scripts.Head> heads = scripts.heads(batch.stream().map(MirroredLog::name).toList());
      for (int i = 0; i < batch.size(); i++) {
        if (heads.get(i) == null || !batch.get(i).isAsIn(heads.get(i))) {
          batch.get(i).syncSoon();
        }
      }
    } catch (Refused e) {
      batch.forEach(MirroredLog::syncSoon); // if that fails too, the next tick tries again
    }
  }
}
