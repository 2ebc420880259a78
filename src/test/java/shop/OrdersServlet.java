package shop;

import jakarta.inject.Inject;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** {@code POST /orders?channel=…&pieces=…&inStock=…}, answered with the end meanwhile. */
@WebServlet("/orders")
public class OrdersServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  @Inject private transient Shop shop;

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    try {
      response
          .getWriter()
          .print(
              shop.order(
                  request.getParameter("channel"),
                  Integer.parseInt(request.getParameter("pieces")),
                  Boolean.parseBoolean(request.getParameter("inStock"))));
    } catch (RuntimeException e) {
      response.setStatus(HttpServletResponse.SC_CONFLICT);
      response.getWriter().print(e.getMessage());
    }
  }
}
