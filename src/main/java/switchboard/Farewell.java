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

/**
 * Sends the clients away before the server does. A listener of WildFly closes all WebSockets at
 * once when the application goes; listeners are told of that in reverse order, so this one is added
 * when all others are there, which an annotated one is not. → LeavingIT
 *
 * <p>When it is stopped, Payara Micro deletes the application's files in the same moment. What is
 * said at the end only is loaded at the start, or it could not be said. → RollingRestartIT
 */
public class Farewell implements ServletContainerInitializer, ServletContextListener {

  private static final Logger LOG = Logger.getLogger(Farewell.class.getName());
  private static final String CLASSES = "/WEB-INF/classes/";

  @Override
  public void onStartup(Set<Class<?>> none, ServletContext context) {
    context.addListener(this);
    load(context, CLASSES + "switchboard/");
  }

  private static void load(ServletContext context, String folder) {
    Set<String> paths = context.getResourcePaths(folder);
    for (String path : paths == null ? Set.<String>of() : paths) {
      if (path.endsWith("/")) {
        load(context, path);
      } else if (path.endsWith(".class")) {
        load(path.substring(CLASSES.length(), path.lastIndexOf('.')).replace('/', '.'));
      }
    }
  }

  private static void load(String name) {
    try {
      Class.forName(name, false, Farewell.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      LOG.log(Level.FINEST, e, () -> name + " is for another server");
    }
  }

  @Override
  public void contextDestroyed(ServletContextEvent event) {
    try {
      CDI.current().select(Drain.class).get().run();
    } catch (RuntimeException e) {
      // Where the beans are gone before the listeners, they saw to it themselves.
      LOG.log(Level.FINE, "no beans any more", e);
    }
  }
}
