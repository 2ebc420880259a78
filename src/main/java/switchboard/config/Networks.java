package switchboard.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A list of networks, each an address and a prefix length: {@code 10.0.0.0/8}.
 *
 * <p>Not the library IPAddress: it would enlarge the WAR by a third, is no faster for IPv6, and
 * reads {@code 012.0.0.1} and an empty text as addresses unless told not to. commons-ip-math has
 * had no release since 2016.
 *
 * @param networks the networks; an address without a prefix is a network of one address
 */
public record Networks(List<Network> networks) {

  private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";

  // Only literals may reach InetAddress, which would query DNS for names.
  private static final Pattern LITERAL =
      Pattern.compile(BYTE + "(\\." + BYTE + "){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

  /** All addresses whose first {@code bits} bits are those of {@code address}. */
  public record Network(InetAddress address, int bits) {

    private static Network parse(String text) {
      String[] parts = text.split("/", 2);
      InetAddress address = literal(parts[0]);
      int max = address == null ? 0 : address.getAddress().length * Byte.SIZE;
      int bits = parts.length == 1 ? max : bits(parts[1]);
      if (address == null || bits < 0 || bits > max) {
        throw new IllegalArgumentException(
            "\"" + text + "\" is not an address or network such as 10.0.0.0/8 or ::1");
      }
      return new Network(address, bits);
    }

    private static int bits(String text) {
      return text.matches("[0-9]{1,3}") ? Integer.parseInt(text) : -1;
    }

    private boolean contains(InetAddress other) {
      byte[] mine = address.getAddress();
      byte[] theirs = other.getAddress();
      if (mine.length != theirs.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> bit % Byte.SIZE;
        if (((mine[bit / Byte.SIZE] ^ theirs[bit / Byte.SIZE]) & mask) != 0) {
          return false;
        }
      }
      return true;
    }

    @Override
    public String toString() {
      return address.getHostAddress() + "/" + bits;
    }
  }

  static Networks parse(String text) {
    return new Networks(
        Arrays.stream(text.split(","))
            .map(String::strip)
            .filter(network -> !network.isEmpty())
            .map(Network::parse)
            .toList());
  }

  /** Whether the literal {@code address} is in one of the networks; always false for a name. */
  public boolean contain(String address) {
    InetAddress parsed = networks.isEmpty() ? null : literal(address);
    return parsed != null && networks.stream().anyMatch(network -> network.contains(parsed));
  }

  private static @Nullable InetAddress literal(String text) {
    try {
      return LITERAL.matcher(text).matches() ? InetAddress.getByName(text) : null;
    } catch (UnknownHostException e) {
      return null;
    }
  }

  @Override
  public String toString() {
    return networks.toString();
  }
}
