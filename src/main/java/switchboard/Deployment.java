package switchboard;

import jakarta.enterprise.inject.spi.CDI;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.config.Settings;
import switchboard.connection.Drain;
import switchboard.timer.Tick;
import switchboard.transport.Registration;

/**
 * Starts the parts of the WAR, and disconnects the clients before the server does. A listener of
 * WildFly closes all WebSockets at once when the application stops. Listeners are called in reverse
 * order then, so this one is added after all others; an annotated one is not. → LeavingIT
 *
 * <p>When Payara Micro stops, it deletes the application's files at once. So classes that are
 * needed only at the end are loaded at the start. → RollingRestartIT
 */
public class Deployment implements ServletContainerInitializer, ServletContextListener {

  private static final Logger LOG = Logger.getLogger(Deployment.class.getName());
  private static final String CLASSES = "/WEB-INF/classes/";

  // WildFly warns about a class if one of its interfaces is missing.
  private static final String NOT_EVERYWHERE = "/MicroProfileHealth";

  private static final String FOLDER = CLASSES + "switchboard/";

  private final Registration registration;

  public Deployment() {
    this(new Registration("", false));
  }

  Deployment(Registration registration) {
    this.registration = registration;
  }

  @Override
  public void onStartup(Set<Class<?>> none, ServletContext context) {
    // The server calls this for every application if these classes are on its own class path,
    // as in tests in Payara Embedded.
    if (!paths(context, FOLDER).isEmpty()) {
      register(context);
      load(context, FOLDER);
    }
  }

  void register(ServletContext context) {
    registration.addFilter(context);
    context.addListener(this);
  }

  // Some servers return null if there are none.
  private static Set<String> paths(ServletContext context, String folder) {
    Set<String> paths = context.getResourcePaths(folder);
    return paths == null ? Set.of() : paths;
  }

  private static void load(ServletContext context, String folder) {
    for (String path : paths(context, folder)) {
      if (path.endsWith("/")) {
        load(context, path);
      } else if (path.endsWith(".class") && !path.contains(NOT_EVERYWHERE)) {
        load(path.substring(CLASSES.length(), path.lastIndexOf('.')).replace('/', '.'));
      }
    }
  }

  private static void load(String name) {
    try {
      Class.forName(name, false, Deployment.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      LOG.log(Level.FINEST, e, () -> name + " is for another server");
    }
  }

  @Override
  public void contextInitialized(ServletContextEvent event) {
    ServletContext context = event.getServletContext();
    Requirements.require(
        Requirements.hasWebSockets(context), registration.isEmbedded() || Requirements.hasEjb());
    Requirements.requireAdapter(
        CDI.current().select(Settings.class).get().get(Settings.HTTP_ADAPTER),
        registration.isEmbedded(),
        Requirements.hasRest());
    registration.addWebSockets(context);
    if (registration.isEmbedded()) {
      LOG.info(
          () ->
              "Switchboard is at " + context.getContextPath() + registration.path() + "/channels");
      CDI.current().select(Tick.class).get().start(Level.INFO);
    }
  }

  @Override
  public void contextDestroyed(ServletContextEvent event) {
    try {
      CDI.current().select(Drain.class).get().run();
    } catch (RuntimeException e) {
      // If the beans are destroyed before the listeners, the beans have already done it.
      LOG.log(Level.FINE, "the beans are already destroyed", e);
    }
  }
}
