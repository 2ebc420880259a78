package switchboard.container;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
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

  private AsyncSupport() {}

  /** Enables it for a request that no other filter has processed. */
  public static void allow(ServletRequest request) {
    if (request.isAsyncSupported()) {
      return;
    }
    ServletRequest original = request;
    while (original instanceof ServletRequestWrapper wrapper) {
      original = wrapper.getRequest();
    }
    try {
      UndertowAccess.allowAsync(original.getClass().getClassLoader());
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.log(
          Level.WARNING,
          e,
          () ->
              "long polls and event streams fail: a filter of the application has no"
                  + " asyncSupported");
    }
  }
}
