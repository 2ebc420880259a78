package shop;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.transaction.Transactional;
import switchboard.publish.Publisher;

/** Takes orders in transactions of its own. */
@ApplicationScoped
public class Clerk {

  @Inject private Publisher publisher;

  @Transactional(Transactional.TxType.REQUIRES_NEW)
  public void orderPiece2(String channel, boolean isInStock) {
    publisher.publish(channel, Json.createObjectBuilder().add("piece", 2).build());
    if (!isInStock) {
      throw new IllegalStateException("out of stock");
    }
  }
}
