package switchboard.http;

import static switchboard.http.WebSocketHandshake.CONNECTION;
import static switchboard.http.WebSocketHandshake.PROTOCOL;
import static switchboard.http.WebSocketHandshake.SUBPROTOCOL;
import static switchboard.http.WebSocketHandshake.UPGRADE;
import static switchboard.http.WebSocketHandshake.WEBSOCKET;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.security.Principal;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A handshake that passed {@link RequestGate}, as the server's WebSockets get it. */
public final class ServletHandshake {

  private ServletHandshake() {}

  /**
   * The handshake with its client, in its simplest form, which every server understands: Tyrus
   * reads only the first word of {@code Upgrade}, Open Liberty only the first line of {@code
   * Connection}, Undertow only the first line of subprotocols, and Open Liberty ignores the case of
   * subprotocols.
   */
  public static HttpServletRequest request(HttpServletRequest request, Request checked) {
    String protocol = WebSocketHandshake.hasProtocol(checked) ? SUBPROTOCOL : null;
    return new HttpServletRequestWrapper(request) {
      @Override
      public @Nullable Principal getUserPrincipal() {
        return checked.client();
      }

      @Override
      public @Nullable String getHeader(String name) {
        if (name.equalsIgnoreCase(UPGRADE)) {
          return WEBSOCKET;
        }
        if (name.equalsIgnoreCase(CONNECTION)) {
          return UPGRADE;
        }
        return name.equalsIgnoreCase(PROTOCOL) ? protocol : super.getHeader(name);
      }

      @Override
      public Enumeration<String> getHeaders(String name) {
        String value = getHeader(name);
        boolean isPlain =
            List.of(UPGRADE, CONNECTION, PROTOCOL).stream().anyMatch(name::equalsIgnoreCase);
        return isPlain
            ? Collections.enumeration(value == null ? List.of() : List.of(value))
            : super.getHeaders(name);
      }
    };
  }

  /**
   * The response without {@code Sec-WebSocket-Location}, a header of a draft that Undertow still
   * sets; it is wrong behind a proxy.
   */
  public static HttpServletResponse response(HttpServletResponse response) {
    return new HttpServletResponseWrapper(response) {
      @Override
      public void setHeader(String name, String value) {
        if (!name.equalsIgnoreCase("Sec-WebSocket-Location")) {
          super.setHeader(name, value);
        }
      }
    };
  }
}
