package shop;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.TransactionPhase;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.transaction.Transactional;
import java.util.List;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.publish.Publisher;

/** Somebody's application, which has the embedded JAR. */
@ApplicationScoped
public class Shop {

  @Inject private Publisher publisher;
  @Inject private Channels channels;
  @Inject private Clerk clerk;
  @Inject private Ledger ledger;
  @Inject private Event<Steps> late;

  /** What an order consists of, one after the other. */
  public record Steps(String channel, int pieces, List<String> steps) {}

  /** Takes an order of some pieces, one message each; what the channel's end is meanwhile. */
  @Transactional
  public String order(String channel, int pieces, boolean isInStock) {
    for (int piece = 1; piece <= pieces; piece++) {
      publisher.publish(channel, Json.createObjectBuilder().add("piece", piece).build());
    }
    String end = end(channel);
    if (!isInStock) {
      throw new IllegalStateException("out of stock; the channel's end is " + end);
    }
    return end;
  }

  /**
   * The same in some steps: {@code messages}, or the name of a database that gets a row.
   *
   * @param isLate whether nothing is done before the transaction is about to be committed
   */
  @Transactional
  public void order(Steps steps, boolean isLate, boolean isInStock) {
    if (isLate) {
      late.fire(steps);
    } else {
      take(steps);
    }
    if (!isInStock) {
      throw new IllegalStateException("out of stock");
    }
  }

  /** As when JPA writes at the end of a transaction, and a listener of an entity publishes. */
  public void take(@Observes(during = TransactionPhase.BEFORE_COMPLETION) Steps steps) {
    for (String step : steps.steps()) {
      if (step.equals("messages")) {
        order(steps.channel(), steps.pieces(), true);
      } else {
        ledger.write(step, steps.channel());
      }
    }
  }

  /** Piece 2 is ordered in a transaction of its own, between the others of this one. */
  @Transactional
  public void orderNested(String channel, boolean isOuterInStock, boolean isInnerInStock) {
    publisher.publish(channel, Json.createObjectBuilder().add("piece", 1).build());
    try {
      clerk.orderPiece2(channel, isInnerInStock);
    } catch (IllegalStateException e) {
      // that one is rolled back, this one is not
    }
    publisher.publish(channel, Json.createObjectBuilder().add("piece", 3).build());
    if (!isOuterInStock) {
      throw new IllegalStateException("out of stock");
    }
  }

  /** Where a channel ends now. */
  public String end(String channel) {
    return channels
        .find(new ChannelName(channel))
        .map(Channel::end)
        .map(Object::toString)
        .orElse("none");
  }
}
