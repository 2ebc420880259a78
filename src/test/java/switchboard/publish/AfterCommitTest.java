package switchboard.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import switchboard.channel.ChannelName;
import switchboard.log.Offset;

class AfterCommitTest {

  private static final ChannelName NAME = new ChannelName("c");

  private final Map<Object, Object> resources = new HashMap<>();
  private final List<Synchronization> registered = new ArrayList<>();
  private final List<String> appended = new ArrayList<>();

  /** One active transaction. */
  private final TransactionSynchronizationRegistry transactions =
      (TransactionSynchronizationRegistry)
          Proxy.newProxyInstance(
              getClass().getClassLoader(),
              new Class<?>[] {TransactionSynchronizationRegistry.class},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "getTransactionStatus" -> Status.STATUS_ACTIVE;
                    case "getResource" -> resources.get(arguments[0]);
                    case "putResource" -> resources.put(arguments[0], arguments[1]);
                    case "registerInterposedSynchronization" ->
                        registered.add((Synchronization) arguments[0]);
                    default -> null;
                  });

  private CompletionStage<Offset> publish(String message) {
    return AfterCommit.of(transactions)
        .add(
            NAME,
            () -> {
              appended.add(message);
              return CompletableFuture.completedFuture(new Offset(1, appended.size()));
            });
  }

  @Test
  void messagesAreAppendedOnceThoughTheServerSaysTwiceThatItHasCommitted() {
    publish("1");
    publish("2");
    assertEquals(1, registered.size());
    registered.get(0).beforeCompletion();
    registered.get(0).beforeCompletion();
    registered.get(0).afterCompletion(Status.STATUS_COMMITTED);
    registered.get(0).afterCompletion(Status.STATUS_COMMITTED);
    assertEquals(List.of("1", "2"), appended);
  }

  @Test
  void whatAServerSaysBeforeTheEndIsNoEnd() {
    publish("1");
    registered.get(0).afterCompletion(Status.STATUS_COMMITTING);
    registered.get(0).afterCompletion(Status.STATUS_COMMITTED);
    assertEquals(List.of("1"), appended);
  }

  @Test
  void whatWasRolledBackIsNotAppendedWhateverIsSaidThen() {
    publish("1");
    registered.get(0).afterCompletion(Status.STATUS_ROLLEDBACK);
    registered.get(0).afterCompletion(Status.STATUS_COMMITTED);
    assertEquals(List.of(), appended);
  }

  @Test
  void whoeverWantsToKnowIsToldTheOffsetOrThatItWasRolledBack() {
    CompletionStage<Offset> first = publish("1");
    registered.get(0).afterCompletion(Status.STATUS_COMMITTED);
    assertEquals(new Offset(1, 1), first.toCompletableFuture().join());
    CompletionStage<Offset> second = publish("2");
    registered.get(0).afterCompletion(Status.STATUS_ROLLEDBACK);
    assertThrows(CompletionException.class, () -> second.toCompletableFuture().join());
  }

  @Test
  void eachIsAppendedAfterTheOneBeforeItAlsoByAStoreThatNeedsTime() {
    CompletableFuture<Offset> slow = new CompletableFuture<>();
    AfterCommit.of(transactions).add(NAME, () -> slow);
    publish("2");
    registered.get(0).afterCompletion(Status.STATUS_COMMITTED);
    assertEquals(List.of(), appended);
    slow.complete(new Offset(1, 1));
    assertEquals(List.of("2"), appended);
  }

  @Test
  void oneThatCannotBeAppendedDoesNotKeepTheOthersAway() {
    publish("1");
    AfterCommit.of(transactions)
        .add(
            NAME,
            () -> {
              throw new IllegalStateException("closed");
            });
    publish("3");
    registered.get(0).afterCompletion(Status.STATUS_COMMITTED);
    assertEquals(List.of("1", "3"), appended);
  }
}
