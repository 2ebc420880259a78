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
 * What one transaction has published: appended in that order after its commit, forgotten with its
 * rollback.
 *
 * <p><b>Threads.</b> Safe: a transaction may end on another thread than its own.
 */
final class AfterCommit implements Synchronization {

  private static final Logger LOG = Logger.getLogger(AfterCommit.class.getName());

  private record Waiting(ChannelName channel, Runnable append) {}

  private final List<Waiting> waiting = new ArrayList<>();

  private AfterCommit() {}

  /** Whether the caller is in a transaction whose end is still open, or sure to be a rollback. */
  static boolean isWanted(TransactionSynchronizationRegistry transactions) {
    int status = transactions.getTransactionStatus();
    return status == Status.STATUS_ACTIVE || status == Status.STATUS_MARKED_ROLLBACK;
  }

  /** The one of the caller's transaction. */
  static AfterCommit of(TransactionSynchronizationRegistry transactions) {
    if (transactions.getResource(AfterCommit.class) instanceof AfterCommit known) {
      return known;
    }
    AfterCommit fresh = new AfterCommit();
    // A transaction that can only be rolled back takes no more synchronizations on some servers.
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
   * What is to be appended now: all of it the first time that the transaction is said to have
   * committed. A server may say so twice: Payara keeps a list of its own and, once a transaction
   * has become one of JTS, registers this there too ({@code JavaEETransactionImpl}).
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
    // nothing is said before it is true
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
