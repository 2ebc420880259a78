package switchboard.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The tests' own authority and what it signs; made by {@code src/test/servers/certificates}. */
public final class Certificates {

  private static final char[] PASSWORD = "changeit".toCharArray();

  private Certificates() {}

  private static KeyStore store() throws GeneralSecurityException, IOException {
    return KeyStore.getInstance(new File(System.getProperty("certificates")), PASSWORD);
  }

  /** Of a client that trusts the authority, and nobody else. */
  public static SSLContext trusting() {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("authority", store().getCertificate("authority"));
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A certificate with its chain and its key in one file, as nginx and HAProxy read it. */
  static Path pem(String alias) throws GeneralSecurityException, IOException {
    KeyStore store = store();
    StringBuilder pem = new StringBuilder();
    for (Certificate certificate : store.getCertificateChain(alias)) {
      append(pem, "CERTIFICATE", certificate.getEncoded());
    }
    append(pem, "PRIVATE KEY", store.getKey(alias, PASSWORD).getEncoded());
    return Files.writeString(Path.of("target", alias + ".pem").toAbsolutePath(), pem);
  }

  private static void append(StringBuilder pem, String what, byte[] bytes) {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    pem.append("-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(what, lines, what));
  }
}
