package switchboard.transport;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import java.util.List;
import java.util.Set;

/**
 * Puts what serves the channels into an application. By code and not by annotations: so the path is
 * the application's to choose, and an application that scans the classes it has finds nothing.
 *
 * @param path what all URLs here begin with, below the context path; empty in the WAR
 * @param isEmbedded in an application of somebody else
 */
public record Registration(String path, boolean isEmbedded) {

  private static final String PATH = "path";
  private static final String EMBEDDED = "embedded";
  private static final String CHANNELS = "/channels";
  private static final String ACCESS = "/access";

  /** As a filter was told where it is. */
  static Registration of(FilterConfig config) {
    return new Registration(
        config.getInitParameter(PATH), Boolean.parseBoolean(config.getInitParameter(EMBEDDED)));
  }

  /** What serves all but WebSockets. Only while the application's parts are put together. */
  public void addFilter(ServletContext context) {
    requireFree(context);
    FilterRegistration.Dynamic filter =
        context.addFilter("switchboard.channels", ChannelsFilter.class);
    filter.setInitParameter(PATH, path);
    filter.setInitParameter(EMBEDDED, Boolean.toString(isEmbedded));
    filter.setAsyncSupported(true);
    for (String folder : folders()) {
      // Before all others, of which one without asynchronous support would allow no long poll, and
      // before the server's own for WebSockets, which is to be told who asks.
      filter.addMappingForUrlPatterns(null, false, path + folder + "/*");
    }
  }

  // The WAR's own files are the server's to give out.
  private List<String> folders() {
    return isEmbedded ? List.of(CHANNELS, ACCESS, Scripts.FOLDER) : List.of(CHANNELS, ACCESS);
  }

  /** Refuses a path at which the application itself has something: nobody would reach that. */
  void requireFree(ServletContext context) {
    if (!isEmbedded) {
      return;
    }
    for (ServletRegistration servlet : context.getServletRegistrations().values()) {
      for (String mapping : servlet.getMappings()) {
        String place = mapping.replaceFirst("/\\*$", "");
        if (place.equals(path) || place.startsWith(path + "/")) {
          throw taken("the servlet \"%s\" at \"%s\"".formatted(servlet.getName(), mapping));
        }
      }
    }
    for (String folder : folders()) {
      Set<String> files = context.getResourcePaths(path + folder + "/");
      if (files != null && !files.isEmpty()) {
        throw taken("files in \"%s%s/\"".formatted(path, folder));
      }
    }
  }

  private IllegalStateException taken(String what) {
    return new IllegalStateException(
        "switchboard.path = \"%s\": the application itself has %s; choose another path"
            .formatted(path, what));
  }

  /** What serves WebSockets, until the application begins to take requests. */
  public void addWebSockets(ServletContext context) {
    WebSocketEndpoints.add(context, path + CHANNELS);
  }
}
