package host;

import jakarta.enterprise.context.Dependent;
import jakarta.websocket.OnMessage;
import jakarta.websocket.server.ServerEndpoint;

/** A WebSocket of the application's own. */
@Dependent
@ServerEndpoint("/echo")
public class EchoEndpoint {

  @OnMessage
  public String say(String text) {
    return "echo: " + text;
  }
}
