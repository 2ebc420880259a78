package switchboard.metrics;

import jakarta.inject.Inject;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import switchboard.channel.Channels;
import switchboard.channel.Counters;
import switchboard.config.Settings;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.container.FrameWriters;
import switchboard.http.HttpAnswer;
import switchboard.http.ReadyAnswer;
import switchboard.time.Clocks;

/** {@code /metrics}, for Prometheus. */
@WebServlet(urlPatterns = "/metrics", asyncSupported = true)
public class MetricsServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  @Inject private transient Channels channels;
  @Inject private transient Connections connections;
  @Inject private transient PendingBodies bodies;
  @Inject private transient Counters counters;
  @Inject private transient FrameWriters writers;
  @Inject private transient Settings settings;
  @Inject private transient Clocks clocks;
  private transient Meters meters;
  private transient ReadyAnswer answers;
  private final transient Map<String, byte[]> latest = new ConcurrentHashMap<>();
  private final AtomicBoolean isReading = new AtomicBoolean();

  @Override
  public void init() {
    meters = new Meters(channels, connections, bodies, counters, writers, settings);
    answers = new ReadyAnswer(bodies, settings, clocks, counters);
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String accept = request.getHeader("Accept");
    response.setContentType(Meters.mediaType(accept));
    response.setHeader("Cache-Control", "no-store");
    answers.send(request, response, new HttpAnswer(200, Map.of(), read(accept)));
  }

  // Reading them costs milliseconds, and every client may send thousands of requests at the same
  // time: a request during a reading gets the values of the reading before.
  private byte[] read(String accept) {
    String type = Meters.mediaType(accept);
    boolean isAlone = isReading.compareAndSet(false, true);
    try {
      return isAlone
          ? latest.compute(type, (key, last) -> bytes(accept))
          : latest.computeIfAbsent(type, key -> bytes(accept));
    } finally {
      if (isAlone) {
        isReading.set(false);
      }
    }
  }

  private byte[] bytes(String accept) {
    return meters.scrape(accept).getBytes(StandardCharsets.UTF_8);
  }
}
