package switchboard.config;

import java.nio.charset.StandardCharsets;

/**
 * A secret value. Its text shows only whether it is set.
 *
 * @param value empty for none
 */
public record Secret(String value) {

  /** RFC 7518 §3.2: a key at least as long as the hash, 256 bits for HS256. */
  static final int MIN_BYTES = 32;

  static Secret parse(String text) {
    Secret secret = new Secret(text.strip());
    if (!secret.isEmpty() && secret.bytes().length < MIN_BYTES) {
      throw new IllegalArgumentException(
          "it has %d bytes; at least %d are required".formatted(secret.bytes().length, MIN_BYTES));
    }
    return secret;
  }

  /** Whether it is empty. */
  public boolean isEmpty() {
    return value.isEmpty();
  }

  /** Its UTF-8. */
  public byte[] bytes() {
    return value.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return isEmpty() ? "" : "***";
  }
}
