package switchboard.container;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRequest;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Enables asynchronous processing in a filter that runs before all others. Undertow disables it if
 * any filter of the application does not support it, even one that is not part of the request
 * (Servlet §2.3.3.3 disables it only within such a filter). So the first filter enables it again.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class AsyncSupport {

  private static final Logger LOG = Logger.getLogger(AsyncSupport.class.getName());

  private static volatile UndertowAccess.Async undertow; // where the server has all of it

  private AsyncSupport() {}

  /** Looks for what the server has, when the application starts. */
  public static void prepare(ServletContext context) {
    prepare(context.getClass());
  }

  static void prepare(Class<?> server) {
    UndertowAccess.Async found = null;
    try {
      if (UndertowAccess.has(server)) {
        found = new UndertowAccess.Async(server.getClassLoader());
      }
    } catch (ReflectiveOperationException e) {
      LOG.warning(
          () ->
              "this version of the server is not supported: "
                  + e.getMessage()
                  + ". Long polls and event streams fail if a filter of the application has no"
                  + " asyncSupported");
    }
    undertow = found;
  }

  /** Enables it for a request that no other filter has processed. */
  public static void allow(ServletRequest request) {
    if (request.isAsyncSupported()) {
      return;
    }
    Exception failure = null;
    UndertowAccess.Async members = undertow;
    if (members != null) {
      try {
        members.allow();
        return;
      } catch (ReflectiveOperationException | RuntimeException e) {
        failure = e;
      }
    }
    LOG.log(
        Level.WARNING,
        failure,
        () ->
            "long polls and event streams fail: a filter of the application has no"
                + " asyncSupported");
  }
}
