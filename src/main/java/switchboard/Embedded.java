package switchboard;

import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import java.util.Set;
import switchboard.config.Settings;
import switchboard.config.Sources;
import switchboard.transport.Registration;

/**
 * Registers {@code switchboard-embedded.jar} in the application that contains it, below its own
 * path. The rest of the application is not changed.
 */
public class Embedded implements ServletContainerInitializer {

  @Override
  public void onStartup(Set<Class<?>> none, ServletContext context) {
    String path = Sources.read().get(Settings.PATH);
    new Deployment(new Registration(path, true)).register(context);
  }
}
