package switchboard.testing;

import jakarta.inject.Inject;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.log.Append;
import switchboard.log.Log;

/**
 * {@code POST /fault?channel=…} breaks the log of a channel as no store is expected to: from then
 * on it cannot be read, and takes every message but {@code "fault"}. Part of the tests' WAR alone.
 */
@WebServlet("/fault")
public class FaultServlet extends HttpServlet {

  private static final long serialVersionUID = 1;
  private static final String FAULT = "\"fault\"";

  @Inject private transient Channels channels;

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response) {
    Channel channel = channels.find(new ChannelName(request.getParameter("channel"))).orElseThrow();
    try {
      Field log = Channel.class.getDeclaredField("log");
      log.setAccessible(true);
      log.set(channel, broken((Log) log.get(channel)));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The log, with its faults. */
  public static Log broken(Log log) {
    return (Log)
        Proxy.newProxyInstance(
            Log.class.getClassLoader(),
            new Class<?>[] {Log.class},
            (proxy, method, arguments) -> {
              if (isFault(method, arguments)) {
                throw new IllegalStateException("a fault on purpose");
              }
              try {
                return method.invoke(log, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static boolean isFault(Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "readAfter", "isCurrent" -> true;
      case "append" ->
          ((Append) arguments[0])
              .messages().stream()
                  .anyMatch(message -> new String(message, StandardCharsets.UTF_8).equals(FAULT));
      default -> false;
    };
  }
}
