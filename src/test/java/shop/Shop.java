package shop;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.transaction.Transactional;
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
   * The same, with resources that the transaction has to prepare: {@code first} or {@code last},
   * before or after the messages.
   */
  @Transactional
  public void orderWithResources(String channel, int pieces, String when) {
    if (when.equals("first")) {
      Resources.enlistTwo();
    }
    order(channel, pieces, true);
    if (when.equals("last")) {
      Resources.enlistTwo();
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
