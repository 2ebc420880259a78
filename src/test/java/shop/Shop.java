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

  /** Where a channel ends now. */
  public String end(String channel) {
    return channels
        .find(new ChannelName(channel))
        .map(Channel::end)
        .map(Object::toString)
        .orElse("none");
  }
}
