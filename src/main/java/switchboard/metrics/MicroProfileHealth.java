package switchboard.metrics;

import jakarta.enterprise.inject.spi.BeforeBeanDiscovery;
import java.util.Map;
import java.util.function.Function;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.jspecify.annotations.Nullable;

/**
 * {@link Health} for MicroProfile Health. The checks have no scope, so that no server discovers
 * them as beans: {@link HealthExtension} adds them if their types exist.
 */
final class MicroProfileHealth {

  // Not injected: beans that an extension adds are in a separate archive, which on Payara
  // cannot see the application's beans.
  private static volatile @Nullable Health health;

  private MicroProfileHealth() {}

  static void addTo(BeforeBeanDiscovery event) {
    event.addAnnotatedType(Live.class, Live.class.getName());
    event.addAnnotatedType(Ready.class, Ready.class.getName());
  }

  /** The health, once the application has started. */
  static void read(Health health) {
    MicroProfileHealth.health = health;
  }

  private static HealthCheckResponse response(
      String name, Function<Health, Map<String, Boolean>> question, boolean whileStarting) {
    Health known = health;
    Map<String, Boolean> checks =
        known == null ? Map.of("started", whileStarting) : question.apply(known);
    HealthCheckResponseBuilder response = HealthCheckResponse.named(name);
    checks.forEach(response::withData);
    return response.status(!checks.containsValue(false)).build();
  }

  /** Whether the server should be left running. */
  @Liveness
  public static class Live implements HealthCheck {

    @Override
    public HealthCheckResponse call() {
      return response("switchboard-live", Health::live, true);
    }
  }

  /** Whether clients should be sent here. */
  @Readiness
  public static class Ready implements HealthCheck {

    @Override
    public HealthCheckResponse call() {
      return response("switchboard-ready", Health::ready, false);
    }
  }
}
