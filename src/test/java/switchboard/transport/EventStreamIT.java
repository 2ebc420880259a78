package switchboard.transport;

import java.net.URI;
import switchboard.channel.Transport;

class EventStreamIT extends TransportContract {

  @Override
  Transport transport() {
    return Transport.EVENT_STREAM;
  }

  @Override
  Reader open(URI channel, String offset) {
    return new EventStreamReader(channel, offset);
  }
}
