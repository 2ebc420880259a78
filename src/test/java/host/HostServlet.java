package host;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Serves, by all methods, what the WAR of Switchboard has at these paths too; and a page. */
@WebServlet({"/metrics", "/health/*", "/channels/*", "/access", "/js/*", "/page", "/session"})
public class HostServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    if (request.getServletPath().equals("/session")) {
      request.getSession().setAttribute("seen", true);
    }
    byte[] body = request.getInputStream().readAllBytes();
    response.setContentType("text/html;charset=UTF-8");
    response
        .getWriter()
        .printf(
            "<script>go()</script><form action=x></form>%s %s %s %s, session %s",
            request.getMethod(),
            request.getServletPath(),
            request.getPathInfo(),
            new String(body, StandardCharsets.UTF_8),
            request.getSession(false) != null);
  }
}
