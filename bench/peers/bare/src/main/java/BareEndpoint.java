import jakarta.websocket.OnClose;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A WebSocket that does nothing: what the container keeps for each. */
@ServerEndpoint("/bare/{name}")
public class BareEndpoint {

  private static final Set<Session> OPEN = ConcurrentHashMap.newKeySet();

  @OnOpen
  public void open(Session session) {
    OPEN.add(session);
  }

  @OnMessage
  public void text(String text) {}

  @OnClose
  public void close(Session session) {
    OPEN.remove(session);
  }
}
