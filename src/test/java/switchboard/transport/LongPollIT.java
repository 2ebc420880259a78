package switchboard.transport;

import java.net.URI;
import switchboard.channel.Transport;

class LongPollIT extends TransportContract {

  @Override
  Transport transport() {
    return Transport.LONG_POLL;
  }

  @Override
  Reader open(URI channel, String offset) {
    return PollReader.longPoll(channel, offset);
  }
}
