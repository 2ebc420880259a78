package switchboard.publish;

import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.ChannelName;

/**
 * The messages that one transaction has published: appended in this order after its commit, dropped
 * after its rollback.
 *
 * <p><b>Threads.</b> Safe: a transaction may end on another thread.
 */
final class AfterCommit implements Synchronization {

  private static final Logger LOG = Logger.getLogger(AfterCommit.class.getName());

  private record Waiting(ChannelName channel, Runnable append) {}

  private final List<Waiting> waiting = new ArrayList<>();

  private AfterCommit() {}

  /** Whether the caller is in a transaction that is active or marked for rollback. */
  static boolean isWanted(TransactionSynchronizationRegistry transactions) {
    int status = transactions.getTransactionStatus();
    return status == Status.STATUS_ACTIVE || status == Status.STATUS_MARKED_ROLLBACK;
  }

  /** The instance of the caller's transaction. */
  static AfterCommit of(TransactionSynchronizationRegistry transactions) {
    if (transactions.getResource(AfterCommit.class) instanceof AfterCommit known) {
      return known;
    }
    AfterCommit fresh = new AfterCommit();
    // On some servers a transaction that is marked for rollback accepts no synchronizations.
    if (transactions.getTransactionStatus() == Status.STATUS_ACTIVE) {
      transactions.registerInterposedSynchronization(fresh);
      transactions.putResource(AfterCommit.class, fresh);
    }
    return fresh;
  }

  synchronized void add(ChannelName channel, Runnable append) {
    waiting.add(new Waiting(channel, append));
  }

  /**
   * The messages to append now: all of them at the first notice of the commit. A server may notify
   * twice: Payara has its own list and, when a transaction becomes a JTS transaction, also
   * registers this there ({@code JavaEETransactionImpl}).
   */
  private synchronized List<Waiting> ended(int status) {
    boolean isCommitted = status == Status.STATUS_COMMITTED;
    List<Waiting> all = isCommitted ? List.copyOf(waiting) : List.of();
    if (isCommitted || status == Status.STATUS_ROLLEDBACK) {
      waiting.clear();
    }
    return all;
  }

  @Override
  public void beforeCompletion() {
    // nothing is published before the commit
  }

  @Override
  public void afterCompletion(int status) {
    for (Waiting message : ended(status)) {
      try {
        message.append().run();
      } catch (RuntimeException e) {
        LOG.log(
            Level.WARNING,
            e,
            () -> "channel \"" + message.channel() + "\" – a committed message was not appended");
      }
    }
  }
}
