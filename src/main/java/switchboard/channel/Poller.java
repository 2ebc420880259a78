package switchboard.channel;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Identifies a client that polls. Half of the SHA-256 of what the client says of itself, so that
 * the size is fixed.
 */
public record Poller(long high, long low) {

  /** The client that says this about itself. */
  public static Poller of(String description) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(description.getBytes(StandardCharsets.UTF_8));
      ByteBuffer bytes = ByteBuffer.wrap(hash);
      return new Poller(bytes.getLong(), bytes.getLong());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
