package switchboard.publish;

import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.channel.ChannelName;
import switchboard.log.Offset;

/**
 * The messages that one transaction has published: appended in this order after its commit, dropped
 * after its rollback.
 *
 * <p><b>Threads.</b> Safe: a transaction may end on another thread.
 */
final class AfterCommit implements Synchronization {

  private static final Logger LOG = Logger.getLogger(AfterCommit.class.getName());

  /** What was published, and what its publisher is told. */
  private record Waiting(
      ChannelName channel,
      Supplier<CompletionStage<Offset>> append,
      CompletableFuture<Offset> published) {

    void start() {
      try {
        append.get().whenComplete(this::end);
      } catch (RuntimeException e) {
        end(null, e);
      }
    }

    private void end(@Nullable Offset next, Throwable e) {
      if (e == null) {
        published.complete(next);
        return;
      }
      LOG.log(
          Level.WARNING,
          e,
          () -> "channel \"" + channel + "\" – a committed message was not appended");
      published.completeExceptionally(e);
    }

    void drop() {
      published.completeExceptionally(
          new IllegalStateException(
              "channel \"%s\": the transaction was rolled back".formatted(channel)));
    }
  }

  private final List<Waiting> waiting = new ArrayList<>();
  private final boolean isDoomed;

  private AfterCommit(boolean isDoomed) {
    this.isDoomed = isDoomed;
  }

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
    // On some servers a transaction that is marked for rollback accepts no synchronizations.
    boolean isActive = transactions.getTransactionStatus() == Status.STATUS_ACTIVE;
    AfterCommit fresh = new AfterCommit(!isActive);
    if (isActive) {
      transactions.registerInterposedSynchronization(fresh);
      transactions.putResource(AfterCommit.class, fresh);
    }
    return fresh;
  }

  /** The offset after the message, once it was appended. Nobody has to wait for it. */
  CompletionStage<Offset> add(ChannelName channel, Supplier<CompletionStage<Offset>> append) {
    Waiting message = new Waiting(channel, append, new CompletableFuture<>());
    if (isDoomed) {
      message.drop();
    } else {
      synchronized (this) {
        waiting.add(message);
      }
    }
    return message.published();
  }

  /**
   * The messages to append now, or to drop: all of them at the first notice of the end. A server
   * may notify twice: Payara has its own list and, when a transaction becomes a JTS transaction,
   * also registers this there ({@code JavaEETransactionImpl}).
   */
  private synchronized List<Waiting> ended(int status) {
    if (status != Status.STATUS_COMMITTED && status != Status.STATUS_ROLLEDBACK) {
      return List.of();
    }
    List<Waiting> all = List.copyOf(waiting);
    waiting.clear();
    return all;
  }

  @Override
  public void beforeCompletion() {
    // nothing is published before the commit
  }

  @Override
  public void afterCompletion(int status) {
    CompletionStage<?> before = CompletableFuture.completedFuture(null);
    for (Waiting message : ended(status)) {
      if (status == Status.STATUS_COMMITTED) {
        // Each after the one before it: the first may have to wait for its channel.
        before.whenComplete((next, e) -> message.start());
        before = message.published();
      } else {
        message.drop();
      }
    }
  }
}
