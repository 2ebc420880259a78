package shop;

import jakarta.inject.Inject;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;

/**
 * {@code POST /orders?channel=…&pieces=…&inStock=…}, answered with the end meanwhile; with {@code
 * steps=…} and {@code late=…}, or {@code inner=true} or {@code false}, as {@link Shop} has it.
 * {@code GET /orders?channel=…} is answered with the rows in the {@link Ledger}.
 */
@WebServlet("/orders")
public class OrdersServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  @Inject private transient Shop shop;
  @Inject private transient Ledger ledger;

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.getWriter().print(ledger.rows(request.getParameter("channel")));
  }

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
    String steps = request.getParameter("steps");
    String inner = request.getParameter("inner");
    boolean isInStock = Boolean.parseBoolean(request.getParameter("inStock"));
    int pieces = Integer.parseInt(request.getParameter("pieces"));
    if (steps != null) {
      ledger.open(channel);
      boolean isLate = Boolean.parseBoolean(request.getParameter("late"));
      shop.order(new Shop.Steps(channel, pieces, List.of(steps.split(","))), isLate, isInStock);
      return "";
    }
    if (inner != null) {
      shop.orderNested(channel, isInStock, Boolean.parseBoolean(inner));
      return "";
    }
    return shop.order(channel, pieces, isInStock);
  }
}
