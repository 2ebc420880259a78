package switchboard.metrics;

import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.spi.BeforeBeanDiscovery;
import jakarta.enterprise.inject.spi.Extension;

/**
 * Registers the health checks with MicroProfile Health, if the server has it. Otherwise the classes
 * that need it are never loaded.
 */
public class HealthExtension implements Extension {

  void addChecks(@Observes BeforeBeanDiscovery event) {
    if (hasMicroProfile()) {
      MicroProfileHealth.addTo(event);
    }
  }

  static boolean hasMicroProfile() {
    try {
      Class.forName(
          "org.eclipse.microprofile.health.HealthCheck",
          false,
          HealthExtension.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }
}
