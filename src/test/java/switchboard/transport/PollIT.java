package switchboard.transport;

import java.net.URI;
import switchboard.channel.Transport;
import switchboard.testing.PollReader;
import switchboard.testing.Reader;

class PollIT extends TransportContract {

  @Override
  Transport transport() {
    return Transport.POLL;
  }

  @Override
  Reader open(URI channel, String offset) {
    return PollReader.poll(channel, offset);
  }
}
