package switchboard.metrics;

import jakarta.inject.Inject;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.PendingBodies;
import switchboard.channel.Tally;
import switchboard.config.Settings;

/** {@code /metrics}, where Prometheus looks. */
@WebServlet("/metrics")
public class MetricsServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  @Inject private transient Channels channels;
  @Inject private transient Connections connections;
  @Inject private transient PendingBodies bodies;
  @Inject private transient Tally tally;
  @Inject private transient Settings settings;
  private transient Meters meters;

  @Override
  public void init() {
    meters = new Meters(channels, connections, bodies, tally, settings);
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String accept = request.getHeader("Accept");
    response.setContentType(Meters.mediaType(accept));
    response.setHeader("Cache-Control", "no-store");
    response.getOutputStream().write(meters.scrape(accept).getBytes(StandardCharsets.UTF_8));
  }
}
