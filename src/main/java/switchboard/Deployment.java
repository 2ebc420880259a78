package switchboard;

import jakarta.enterprise.inject.spi.CDI;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Drain;
import switchboard.config.Settings;
import switchboard.timer.Tick;
import switchboard.transport.Registration;

/**
 * Puts the WAR's parts together, and sends the clients away before the server does. A listener of
 * WildFly closes all WebSockets at once when the application goes; listeners are told of that in
 * reverse order, so this one is added when all others are there, which an annotated one is not. →
 * LeavingIT
 *
 * <p>When it is stopped, Payara Micro deletes the application's files in the same moment. What is
 * said at the end only is loaded at the start, or it could not be said. → RollingRestartIT
 */
public class Deployment implements ServletContainerInitializer, ServletContextListener {

  private static final Logger LOG = Logger.getLogger(Deployment.class.getName());
  private static final String CLASSES = "/WEB-INF/classes/";

  // WildFly warns of a class of which it lacks an interface.
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
    // Found by the server in every application where these classes are the server's own, as in
    // tests in Payara Embedded.
    if (!paths(context, FOLDER).isEmpty()) {
      register(context);
      load(context, FOLDER);
    }
  }

  void register(ServletContext context) {
    registration.addFilter(context);
    context.addListener(this);
  }

  // Where there are none, some servers say null.
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
      // Where the beans are gone before the listeners, they saw to it themselves.
      LOG.log(Level.FINE, "the beans are already destroyed", e);
    }
  }
}
