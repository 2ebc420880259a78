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
import switchboard.time.Clocks;
import switchboard.transport.ReadyAnswer;

/** {@code /metrics}, for Prometheus. */
@WebServlet(urlPatterns = "/metrics", asyncSupported = true)
public class MetricsServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  @Inject private transient Channels channels;
  @Inject private transient Connections connections;
  @Inject private transient PendingBodies bodies;
  @Inject private transient Tally tally;
  @Inject private transient Settings settings;
  @Inject private transient Clocks clocks;
  private transient Meters meters;
  private transient ReadyAnswer answers;

  @Override
  public void init() {
    meters = new Meters(channels, connections, bodies, tally, settings);
    answers = new ReadyAnswer(bodies, settings, clocks, tally);
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String accept = request.getHeader("Accept");
    response.setContentType(Meters.mediaType(accept));
    response.setHeader("Cache-Control", "no-store");
    byte[] body = meters.scrape(accept).getBytes(StandardCharsets.UTF_8);
    if (ReadyAnswer.isNeededFor(request)) {
      answers.send(request, response, body);
    } else {
      response.getOutputStream().write(body);
    }
  }
}
