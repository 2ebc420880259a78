package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;

/**
 * The answer to a request, before it is JAX-RS' or Servlet's.
 *
 * @param body {@code null} where there is none; others have the same one and must not write to it
 */
record HttpAnswer(int status, Map<String, String> headers, byte[] body) {

  void write(HttpServletResponse response) throws IOException {
    writeHead(response);
    if (body != null && body.length > 0) {
      response.getOutputStream().write(body);
    }
  }

  /** The body as it is sent: none to who asked only for the head. */
  byte[] sent(HttpServletRequest request) {
    return body == null || request.getMethod().equals("HEAD") ? new byte[0] : body;
  }

  /** What comes before the body. */
  void writeHead(HttpServletResponse response) {
    response.setStatus(status);
    headers.forEach(response::setHeader);
    if (body != null) {
      response.setContentLength(body.length);
    }
  }
}
