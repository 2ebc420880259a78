package switchboard.transport;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Asynchronous processing for a filter that comes before all others. Undertow forbids it where any
 * filter of the application does without it, also one that has not been asked yet and will not be
 * (Servlet §2.3.3.3 forbids it only within such a filter). So the first one takes it back.
 *
 * <p><b>Threads.</b> Safe.
 */
final class AsyncSupport {

  private static final Logger LOG = Logger.getLogger(AsyncSupport.class.getName());
  private static final String CONTEXT = "io.undertow.servlet.handlers.ServletRequestContext";

  private AsyncSupport() {}

  /** Allows it for a request that no other filter has seen. */
  static void allow(ServletRequest request) {
    if (request.isAsyncSupported()) {
      return;
    }
    ServletRequest original = request;
    while (original instanceof ServletRequestWrapper wrapper) {
      original = wrapper.getRequest();
    }
    try {
      Class<?> type = Class.forName(CONTEXT, false, original.getClass().getClassLoader());
      Object context = type.getMethod("requireCurrent").invoke(null);
      Inside.method(context, "setAsyncSupported", boolean.class).invoke(context, true);
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
