package switchboard.transport;

import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.core.Application;
import java.util.Map;
import java.util.Set;
import switchboard.http.ProblemMapper;

/** What JAX-RS carries of {@code /channels}, where {@code switchboard.http.adapter} says so. */
@ApplicationPath("channels")
public class RestApplication extends Application {

  @Override
  public Set<Class<?>> getClasses() {
    return Set.of(ChannelResource.class, ProblemMapper.class);
  }

  @Override
  public Map<String, Object> getProperties() {
    // Jersey would answer for a channel named application.wadl.
    return Map.of("jersey.config.server.wadl.disableWadl", true);
  }
}
