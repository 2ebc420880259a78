package switchboard.config;

import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.transaction.TransactionSynchronizationRegistry;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/**
 * Resources that every server provides to applications. They are looked up by name and not injected
 * with {@code @Resource}, because annotations are ignored in an application whose {@code web.xml}
 * is {@code metadata-complete}.
 */
public final class ServerResources {

  private ServerResources() {}

  /** Threads that belong to the application. */
  public static ManagedThreadFactory threads() {
    return find("java:comp/DefaultManagedThreadFactory", ManagedThreadFactory.class);
  }

  /** The transaction of the caller. */
  public static TransactionSynchronizationRegistry transactions() {
    return find(
        "java:comp/TransactionSynchronizationRegistry", TransactionSynchronizationRegistry.class);
  }

  private static <T> T find(String name, Class<T> type) {
    try {
      return type.cast(InitialContext.doLookup(name));
    } catch (NamingException e) {
      throw new IllegalStateException("the server has no " + name, e);
    }
  }
}
