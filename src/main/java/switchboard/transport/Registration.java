package switchboard.transport;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import java.util.List;
import java.util.Set;
import switchboard.http.Scripts;

/**
 * Registers filters, servlets and endpoints in an application, by code and not by annotations. So
 * the application can choose the path, and scanning its classes finds nothing of Switchboard.
 *
 * @param path the prefix of all URLs, below the context path; empty in the WAR
 * @param isEmbedded whether it is embedded in another application
 */
public record Registration(String path, boolean isEmbedded) {

  private static final String PATH = "path";
  private static final String EMBEDDED = "embedded";
  private static final String CHANNELS = "/channels";
  private static final String ACCESS = "/access";

  /** From the configuration of a filter. */
  static Registration of(FilterConfig config) {
    return new Registration(
        config.getInitParameter(PATH), Boolean.parseBoolean(config.getInitParameter(EMBEDDED)));
  }

  /** Registers everything except WebSockets. Only during the initialization of the application. */
  public void addFilter(ServletContext context) {
    requireFree(context);
    FilterRegistration.Dynamic filter =
        context.addFilter("switchboard.channels", ChannelFilter.class);
    filter.setInitParameter(PATH, path);
    filter.setInitParameter(EMBEDDED, Boolean.toString(isEmbedded));
    filter.setAsyncSupported(true);
    for (String folder : folders()) {
      // Before all other filters, because one without asynchronous support would prevent long
      // polls, and before the server's filter for WebSockets, which needs the client's
      // identity.
      filter.addMappingForUrlPatterns(null, false, path + folder + "/*");
    }
  }

  // The server itself serves the files of the WAR.
  private List<String> folders() {
    return isEmbedded ? List.of(CHANNELS, ACCESS, Scripts.FOLDER) : List.of(CHANNELS, ACCESS);
  }

  /** Refuses a path that the application itself uses, because it would no longer be reachable. */
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

  /** Registers the WebSocket endpoints, before the application accepts requests. */
  public void addWebSockets(ServletContext context) {
    WebSocketEndpoints.add(context, path + CHANNELS);
  }
}
