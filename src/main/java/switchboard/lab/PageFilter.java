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
import switchboard.channel.Tally;
import switchboard.config.Settings;
import switchboard.transport.RequestTarget;

/**
 * Says to the browser what the page and its files may do: nothing but what they are made of. A
 * script that somebody smuggles into the page does not run, and the page does not run inside
 * another one. Whether the lab is on or off: the files are there in both cases.
 */
@WebFilter(urlPatterns = "/*", asyncSupported = true)
public class PageFilter extends HttpFilter {

  private static final long serialVersionUID = 1;

  @Inject private transient Settings settings;
  @Inject private transient Tally tally;
  private transient RequestTarget target;

  /**
   * Content Security Policy Level 3. A worker has the policy that its script came with. {@code
   * 'self'} in {@code connect-src} is also this server's WebSockets (CSP3 §6.7.2.8), in all
   * browsers that {@code switchboard.js} runs in.
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
          // The page's address stays here; the page counts the bytes of this header too.
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
        // A page of another origin imports the module and reads the descriptions; without cookies.
        response.setHeader("Access-Control-Allow-Origin", "*");
      }
    }
    if (target.isGood(request, response, tally)) {
      chain.doFilter(request, response);
    }
  }

  private static boolean isForAnybody(String path) {
    return path.startsWith("/js/") || path.equals("/openapi.json") || path.equals("/asyncapi.json");
  }
}
