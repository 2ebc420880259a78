package switchboard;

import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import java.util.Set;
import switchboard.config.Settings;
import switchboard.config.Sources;
import switchboard.transport.Registration;

/**
 * Puts {@code switchboard-embedded.jar} into the application that has it, below a path of its own:
 * whatever else the application has is as it was.
 */
public class Embedded implements ServletContainerInitializer {

  @Override
  public void onStartup(Set<Class<?>> none, ServletContext context) {
    String path = Sources.read().get(Settings.PATH);
    new Deployment(new Registration(path, true)).register(context);
  }
}
