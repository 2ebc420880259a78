package switchboard.lab;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Counters;
import switchboard.config.Settings;
import switchboard.connection.PendingBodies;
import switchboard.http.HttpAnswer;
import switchboard.http.Problem;
import switchboard.http.ReadyAnswer;
import switchboard.http.RequestTarget;
import switchboard.http.ServletRequestView;
import switchboard.http.StaticFiles;
import switchboard.time.Clocks;

/**
 * Sets the security headers of the page and its files, whether the lab is on or off. A script that
 * is injected into the page does not run, and the page cannot be embedded in another one.
 */
@WebFilter(urlPatterns = "/*", asyncSupported = true)
public class PageHeadersFilter extends HttpFilter {

  private static final long serialVersionUID = 1;
  private static final Logger LOG = Logger.getLogger(PageHeadersFilter.class.getName());

  @Inject private transient Settings settings;
  @Inject private transient Counters counters;
  @Inject private transient PendingBodies bodies;
  @Inject private transient Clocks clocks;
  private transient RequestTarget target;
  private transient StaticFiles files;
  private transient ReadyAnswer answers;

  /**
   * Content Security Policy Level 3. A worker has the policy of its script. {@code 'self'} in
   * {@code connect-src} is also this server's WebSockets (CSP3 §6.7.2.8), in all browsers that
   * {@code switchboard.js} runs in.
   */
  static final String POLICY =
      String.join(
          "; ",
          "default-src 'none'",
          "script-src 'self'",
          "worker-src 'self'",
          "style-src 'self'",
          "img-src 'self'",
          "connect-src 'self'",
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'");

  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy", POLICY,
          // The page's URL is not sent to other sites; the page counts the bytes of this header
          // too.
          "Referrer-Policy", "same-origin",
          "X-Content-Type-Options", "nosniff",
          "X-Frame-Options", "DENY",
          "Cross-Origin-Opener-Policy", "same-origin",
          "Permissions-Policy",
              "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(),"
                  + " magnetometer=(), microphone=(), midi=(), payment=(), usb=()");

  @Override
  public void init() {
    target = new RequestTarget(settings);
    files = new StaticFiles(getServletContext()::getResourceAsStream);
    answers = new ReadyAnswer(bodies, settings, clocks, counters);
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    String path = request.getRequestURI().substring(request.getContextPath().length());
    // Channels have headers of their own, and see to their clients themselves.
    if (!RequestTarget.isOfChannels(path)) {
      if (!ReadyAnswer.isWanted(request)) {
        return;
      }
      HEADERS.forEach(response::setHeader);
      boolean isForAnybody = isForAnybody(path);
      response.setHeader(
          "Cross-Origin-Resource-Policy", isForAnybody ? "cross-origin" : "same-origin");
      if (isForAnybody) {
        // Pages of other origins may import the module and read the descriptions, without cookies.
        response.setHeader("Access-Control-Allow-Origin", "*");
      }
    }
    if (!target.isGood(request, response, counters)) {
      return;
    }
    String file = path.equals("/") ? "/index.html" : path;
    if (isFile(file) && files.has(file)) {
      answerFile(file, request, response);
    } else {
      pass(request, response, chain);
    }
  }

  // The server software would log a stack trace for each request of a client that is gone, and all
  // threads would wait for the log.
  private static void pass(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    try {
      chain.doFilter(request, response);
    } catch (IOException e) {
      if (ReadyAnswer.isWanted(request)) {
        throw e;
      }
      LOG.log(Level.FINEST, "the client disconnected before its response", e);
    }
  }

  // The server's own file servlet would block a thread for a client that does not read.
  private void answerFile(String file, HttpServletRequest request, HttpServletResponse response) {
    HttpAnswer answer;
    try {
      String type = getServletContext().getMimeType(file);
      answer = files.answer(file, type, new ServletRequestView(request, ""));
    } catch (Problem problem) {
      counters.ended(problem.ending());
      answer = problem.toAnswer();
    }
    answers.send(request, response, answer);
  }

  private static boolean isFile(String name) {
    return name.indexOf('.', name.lastIndexOf('/')) > 0
        && !name.startsWith("/WEB-INF")
        && !name.startsWith("/META-INF");
  }

  private static boolean isForAnybody(String path) {
    return path.startsWith("/js/") || path.equals("/openapi.json") || path.equals("/asyncapi.json");
  }
}
