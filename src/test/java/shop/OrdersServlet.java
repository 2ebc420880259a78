package shop;

import jakarta.inject.Inject;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * {@code POST /orders?channel=…&pieces=…&inStock=…}, answered with the end meanwhile; with {@code
 * resources=first} or {@code last}, or {@code inner=true} or {@code false}, as {@link Shop} has it.
 */
@WebServlet("/orders")
public class OrdersServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  @Inject private transient Shop shop;

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    try {
      response.getWriter().print(order(request));
    } catch (RuntimeException e) {
      response.setStatus(HttpServletResponse.SC_CONFLICT);
      response.getWriter().print(e.getMessage());
    }
  }

  private String order(HttpServletRequest request) {
    String channel = request.getParameter("channel");
    String resources = request.getParameter("resources");
    String inner = request.getParameter("inner");
    boolean isInStock = Boolean.parseBoolean(request.getParameter("inStock"));
    int pieces = Integer.parseInt(request.getParameter("pieces"));
    if (resources != null) {
      shop.orderWithResources(channel, pieces, resources);
      return "";
    }
    if (inner != null) {
      shop.orderNested(channel, isInStock, Boolean.parseBoolean(inner));
      return "";
    }
    return shop.order(channel, pieces, isInStock);
  }
}
