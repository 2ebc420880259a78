import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.LocalSession;
import org.cometd.server.http.jakarta.CometDServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** CometD's long polling on Jetty with its defaults; POST /pub/N publishes to /b/N from a session in the server. */
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
    ServletHolder publish = new ServletHolder(new Publish());
    publish.setInitOrder(2);
    context.addServlet(publish, "/pub/*");
    server.setHandler(context);
    server.start();
    System.out.println("ready");
    server.join();
  }

  private static final class Publish extends HttpServlet {

    private static final long serialVersionUID = 1;

    private transient LocalSession session;

    @Override
    public void init() {
      BayeuxServer bayeux = (BayeuxServer) getServletContext().getAttribute(BayeuxServer.ATTRIBUTE);
      session = bayeux.newLocalSession("publisher");
      session.handshake();
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Object data = new org.eclipse.jetty.util.ajax.JSON().fromJSON(body);
      session.getChannel("/b" + request.getPathInfo()).publish(data);
      response.setStatus(204);
    }
  }
}
