package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A response, independent of JAX-RS and Servlet.
 *
 * @param body {@code null} for none; it is shared and must not be changed
 */
public record HttpAnswer(int status, Map<String, String> headers, byte @Nullable [] body) {

  public void write(HttpServletResponse response) throws IOException {
    writeHead(response);
    if (body != null && body.length > 0) {
      response.getOutputStream().write(body);
    }
  }

  /** The body to send: none for a HEAD request. */
  byte[] sent(HttpServletRequest request) {
    return body == null || request.getMethod().equals("HEAD") ? new byte[0] : body;
  }

  /** The status and the headers. */
  void writeHead(HttpServletResponse response) {
    response.setStatus(status);
    headers.forEach(response::setHeader);
    if (body != null) {
      response.setContentLength(body.length);
    }
  }
}
