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
 */
public class Farewell implements ServletContainerInitializer, ServletContextListener {

  private static final Logger LOG = Logger.getLogger(Farewell.class.getName());

  @Override
  public void onStartup(Set<Class<?>> none, ServletContext context) {
    context.addListener(this);
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
