package switchboard.lab;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import switchboard.channel.PendingBodies;
import switchboard.channel.Tally;
import switchboard.config.Settings;
import switchboard.time.Clocks;
import switchboard.transport.ReadyAnswer;
import switchboard.transport.RequestTarget;

/**
 * Sets the security headers of the page and its files, whether the lab is on or off. A script that
 * is injected into the page does not run, and the page cannot be embedded in another one.
 */
@WebFilter(urlPatterns = "/*", asyncSupported = true)
public class PageFilter extends HttpFilter {

  private static final long serialVersionUID = 1;

  @Inject private transient Settings settings;
  @Inject private transient Tally tally;
  @Inject private transient PendingBodies bodies;
  @Inject private transient Clocks clocks;
  private transient RequestTarget target;
  private transient EntityTags tags;
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
    target = new RequestTarget(settings, "");
    tags = new EntityTags(getServletContext());
    answers = new ReadyAnswer(bodies, settings, clocks, tally);
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    String path = request.getRequestURI().substring(request.getContextPath().length());
    // Channels have headers of their own.
    if (!RequestTarget.isOfChannels(path)) {
      HEADERS.forEach(response::setHeader);
      boolean isForAnybody = isForAnybody(path);
      response.setHeader(
          "Cross-Origin-Resource-Policy", isForAnybody ? "cross-origin" : "same-origin");
      if (isForAnybody) {
        // Pages of other origins may import the module and read the descriptions, without cookies.
        response.setHeader("Access-Control-Allow-Origin", "*");
      }
    }
    if (!target.isGood(request, response, tally)) {
      return;
    }
    String tag = tags.of(path);
    if (tag == null) {
      chain.doFilter(request, response);
    } else {
      answerFile(path, tag, request, response, chain);
    }
  }

  // The page and its modules belong together: a browser must revalidate a cached file, or it
  // would mix old and new files after an upgrade (RFC 9111 §4.2.2).
  private void answerFile(
      String path,
      String tag,
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain)
      throws IOException, ServletException {
    response.setHeader("Cache-Control", "no-cache");
    response.setHeader("ETag", tag);
    boolean isKnown =
        Collections.list(request.getHeaders("If-None-Match")).stream()
            .anyMatch(tags -> tags.contains(tag) || tags.strip().equals("*"));
    boolean isRead = request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
    if (isKnown && isRead) {
      response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
      return;
    }
    if (isRead && ReadyAnswer.isNeededFor(request)) {
      String file = EntityTags.file(path);
      response.setContentType(getServletContext().getMimeType(file));
      answers.send(request, response, tags.read(file));
      return;
    }
    chain.doFilter(new Unconditional(request), new Tagged(response));
  }

  /** The server would compare this with the file's time, which is less exact. */
  private static final class Unconditional extends HttpServletRequestWrapper {

    private static final Set<String> CONDITIONS = Set.of("if-none-match", "if-modified-since");

    Unconditional(HttpServletRequest request) {
      super(request);
    }

    private static boolean isCondition(String name) {
      return CONDITIONS.contains(name.toLowerCase(Locale.ROOT));
    }

    @Override
    public String getHeader(String name) {
      return isCondition(name) ? null : super.getHeader(name);
    }

    @Override
    public long getDateHeader(String name) {
      return isCondition(name) ? -1 : super.getDateHeader(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      return isCondition(name) ? Collections.emptyEnumeration() : super.getHeaders(name);
    }
  }

  /** Keeps its own tag instead of the server's. */
  private static final class Tagged extends HttpServletResponseWrapper {

    Tagged(HttpServletResponse response) {
      super(response);
    }

    @Override
    public void setHeader(String name, String value) {
      if (!name.equalsIgnoreCase("ETag")) {
        super.setHeader(name, value);
      }
    }

    @Override
    public void addHeader(String name, String value) {
      if (!name.equalsIgnoreCase("ETag")) {
        super.addHeader(name, value);
      }
    }
  }

  private static boolean isForAnybody(String path) {
    return path.startsWith("/js/") || path.equals("/openapi.json") || path.equals("/asyncapi.json");
  }
}
