import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.LocalSession;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.http.jakarta.CometDServlet;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandler;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/**
 * CometD on Jetty with its defaults, and acknowledged messages for clients that ask for them: long polling as a servlet at /cometd, WebSockets, which this version has for Jetty
 * without Servlet only, at /ws. POST /pub/N publishes to /b/N, in both, from sessions in the server.
 */
public class CometdServer {

  public static void main(String[] arguments) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(Integer.parseInt(arguments[0]));
    connector.setIdleTimeout(90_000); // longer than a held /meta/connect
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler("/");
    ServletHolder cometd = new ServletHolder(CometDServlet.class);
    cometd.setInitParameter("maxSessionsPerBrowser", "-1");
    cometd.setInitOrder(1);
    cometd.setAsyncSupported(true);
    context.addServlet(cometd, "/cometd/*");
    Publish publisher = new Publish();
    ServletHolder publish = new ServletHolder(publisher);
    publish.setInitOrder(2);
    context.addServlet(publish, "/pub/*");
    BayeuxServerImpl sockets = new BayeuxServerImpl();
    server.setHandler(new Handler.Sequence(webSockets(server, sockets), context));
    publisher.sockets = sockets;
    server.start();
    System.out.println("ready");
    server.join();
  }

  private static Handler webSockets(Server server, BayeuxServerImpl bayeux) {
    ContextHandler context = new ContextHandler("/ws");
    context.setHandler(WebSocketUpgradeHandler.from(server, context));
    bayeux.setOption(Context.class.getName(), context.getContext());
    bayeux.setOption("ws.cometdURLMapping", "/*");
    bayeux.addExtension(new AcknowledgedMessagesExtension());
    bayeux.setTransports(new JettyWebSocketTransport(bayeux));
    bayeux.setAllowedTransports("websocket");
    context.addBean(bayeux);
    return context;
  }

  private static final class Publish extends HttpServlet {

    private static final long serialVersionUID = 1;

    private transient BayeuxServerImpl sockets;
    private transient LocalSession session;
    private transient LocalSession socketSession;

    @Override
    public void init() {
      BayeuxServer bayeux = (BayeuxServer) getServletContext().getAttribute(BayeuxServer.ATTRIBUTE);
      bayeux.addExtension(new AcknowledgedMessagesExtension());
      session = session(bayeux);
      socketSession = session(sockets);
    }

    private static LocalSession session(BayeuxServer bayeux) {
      LocalSession session = bayeux.newLocalSession("publisher");
      session.handshake();
      return session;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Object data = new org.eclipse.jetty.util.ajax.JSON().fromJSON(body);
      session.getChannel("/b" + request.getPathInfo()).publish(data);
      socketSession.getChannel("/b" + request.getPathInfo()).publish(data);
      response.setStatus(204);
    }
  }
}
