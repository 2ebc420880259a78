package switchboard.metrics;

import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * {@code /health/live} and {@code /health/ready} on every server, in the form of MicroProfile
 * Health: {@code 200} and {@code UP}, or {@code 503} and {@code DOWN}.
 */
@WebServlet(
    urlPatterns = {"/health/live", "/health/ready"},
    loadOnStartup = 1)
public class HealthServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  // Kept: each look-up of the provider asks the class loader.
  private static final JsonBuilderFactory JSON = Json.createBuilderFactory(null);

  @Inject private transient Health health;

  @Override
  public void init() {
    if (HealthExtension.hasMicroProfile()) {
      MicroProfileHealth.read(health);
    }
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    boolean asksForReady = request.getServletPath().endsWith("/ready");
    Map<String, Boolean> checks = asksForReady ? health.ready() : health.live();
    boolean isUp = !checks.containsValue(false);
    response.setStatus(isUp ? 200 : 503);
    response.setContentType("application/json");
    response.setHeader("Cache-Control", "no-store");
    byte[] body = toJson(checks, isUp).toString().getBytes(StandardCharsets.UTF_8);
    response.getOutputStream().write(body);
  }

  private static JsonObject toJson(Map<String, Boolean> checks, boolean isUp) {
    JsonArrayBuilder list = JSON.createArrayBuilder();
    checks.forEach(
        (name, up) ->
            list.add(JSON.createObjectBuilder().add("name", name).add("status", status(up))));
    return JSON.createObjectBuilder().add("status", status(isUp)).add("checks", list).build();
  }

  private static String status(boolean isUp) {
    return isUp ? "UP" : "DOWN";
  }
}
