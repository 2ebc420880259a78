package switchboard.config;

import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.transaction.TransactionSynchronizationRegistry;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/**
 * What every server has for its applications. By its name and not by {@code @Resource}, which
 * counts for nothing in an application whose {@code web.xml} is {@code metadata-complete}.
 */
public final class ServerResources {

  private ServerResources() {}

  /** Threads that belong to the application. */
  public static ManagedThreadFactory threads() {
    return find("java:comp/DefaultManagedThreadFactory");
  }

  /** The transaction of whoever asks. */
  public static TransactionSynchronizationRegistry transactions() {
    return find("java:comp/TransactionSynchronizationRegistry");
  }

  private static <T> T find(String name) {
    try {
      return InitialContext.doLookup(name);
    } catch (NamingException e) {
      throw new IllegalStateException("the server has no " + name, e);
    }
  }
}
