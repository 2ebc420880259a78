package switchboard.lab;

import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.core.Application;
import java.util.Map;
import java.util.Set;
import switchboard.http.ProblemMapper;

/** The lab's requests, in addition to the page's files in {@code /lab}. */
@ApplicationPath("lab/api")
public class LabApplication extends Application {

  @Override
  public Set<Class<?>> getClasses() {
    return Set.of(LabResource.class, ProblemMapper.class);
  }

  @Override
  public Map<String, Object> getProperties() {
    return Map.of("jersey.config.server.wadl.disableWadl", true);
  }
}
