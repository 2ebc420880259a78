package switchboard.config;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Keys that verify signatures, in PEM (RFC 7468): {@code PUBLIC KEY} or {@code CERTIFICATE}, RSA or
 * elliptic curve, one or several; as the text itself or as the name of a file.
 *
 * @param keys empty for none
 */
public record PublicKeys(List<PublicKey> keys) {

  private static final int MIN_RSA_BITS = 2_048; // RFC 7518 §3.3
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z ]+)-----([^-]*)-----END \\1-----");

  static PublicKeys parse(String text) {
    String written = text.strip();
    if (written.isEmpty()) {
      return new PublicKeys(List.of());
    }
    // Environment variables often contain it in one line, with \n instead of line breaks.
    String pem = written.startsWith("-----") ? written.replace("\\n", "\n") : file(written);
    List<PublicKey> keys = new ArrayList<>();
    for (Matcher block = BLOCK.matcher(pem); block.find(); ) {
      keys.add(key(block.group(1), block.group(2)));
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("it contains no PEM (-----BEGIN PUBLIC KEY-----)");
    }
    return new PublicKeys(List.copyOf(keys));
  }

  private static String file(String name) {
    try {
      return Files.readString(Path.of(name));
    } catch (IOException | InvalidPathException e) {
      throw new IllegalArgumentException("neither PEM nor a readable file", e);
    }
  }

  private static PublicKey key(String kind, String base64) {
    try {
      byte[] der = Base64.getMimeDecoder().decode(base64);
      PublicKey key =
          switch (kind) {
            case "PUBLIC KEY" -> publicKey(der);
            case "CERTIFICATE" ->
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(der))
                    .getPublicKey();
            default ->
                throw new IllegalArgumentException(
                    "a %s; a PUBLIC KEY or a CERTIFICATE is required".formatted(kind));
          };
      requireUsable(key);
      return key;
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the " + kind + " cannot be read", e);
    }
  }

  private static PublicKey publicKey(byte[] der) throws GeneralSecurityException {
    try {
      return KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der));
    } catch (GeneralSecurityException e) {
      return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der));
    }
  }

  /**
   * Refuses a key that is not suitable for signatures.
   *
   * @throws IllegalArgumentException with the reason
   */
  public static void requireUsable(PublicKey key) {
    if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < MIN_RSA_BITS) {
      throw new IllegalArgumentException(
          "an RSA key of %d bits; at least %d are required"
              .formatted(rsa.getModulus().bitLength(), MIN_RSA_BITS));
    }
    if (!(key instanceof RSAPublicKey || key instanceof ECPublicKey)) {
      throw new IllegalArgumentException(
          "a key for " + key.getAlgorithm() + "; RSA and EC are supported");
    }
  }

  /** Whether it is empty. */
  public boolean isEmpty() {
    return keys.isEmpty();
  }

  @Override
  public String toString() {
    return keys.stream().map(PublicKey::getAlgorithm).collect(Collectors.joining("+"));
  }
}
