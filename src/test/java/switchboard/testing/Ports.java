package switchboard.testing;

import java.net.URI;

/**
 * The ports that tests listen on: of a thousand that {@code -Dports=18} chooses, so that several
 * runs can share a machine. Whether they are free is checked before the tests, see {@code
 * src/test/servers/build.xml}.
 */
public final class Ports {

  /** Where the server under test listens. */
  public static final int HTTP = port(80);

  public static final int HTTPS = port(443);

  /** The server under test, without a path. */
  public static final String AUTHORITY = "127.0.0.1:" + HTTP;

  /** Where {@link ServerTest#war()} is, once it is deployed. */
  public static final URI SWITCHBOARD = URI.create("http://" + AUTHORITY + "/switchboard/");

  private Ports() {}

  /** One of the thousand. */
  public static int port(int number) {
    return Integer.getInteger("ports", 18) * 1_000 + number;
  }
}
